"""Headers whose names are no text cost their message, not the worker."""

from __future__ import annotations

import ctypes
import time
from pathlib import Path

import confluent_kafka
import pytest
from confluent_kafka import Consumer, Producer

from mma.streams.kafka_message import as_message

END, TOPIC, VALUE, FLAGS, HEADER, COPY = 0, 1, 4, 7, 9, 2
"""Numbers of librdkafka's ``rd_kafka_vtype_t`` (rdkafka.h), and of its flag to copy the value."""


@pytest.fixture
def broker():
    """Address of librdkafka's own mock broker."""
    keeper = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    (found,) = keeper.list_topics(timeout=10).brokers.values()
    yield f"{found.host}:{found.port}"
    del keeper


def _produce(broker: str, topic: bytes, value: bytes, name: bytes) -> None:
    """Send a message with a header of any name, which the Python client does not."""
    found = list((Path(confluent_kafka.__file__).parents[1] / "confluent_kafka.libs").glob("librdkafka*"))
    if not found:
        pytest.skip("librdkafka is not beside the client")
    library = ctypes.CDLL(str(found[0]))
    library.rd_kafka_conf_new.restype = library.rd_kafka_new.restype = ctypes.c_void_p
    pointer, number, error = ctypes.c_void_p, ctypes.c_int, ctypes.create_string_buffer(200)
    conf = pointer(library.rd_kafka_conf_new())
    for key, setting in ((b"bootstrap.servers", broker.encode()), (b"log_level", b"0")):
        library.rd_kafka_conf_set(conf, key, setting, error, ctypes.c_size_t(200))
    producer = pointer(library.rd_kafka_new(0, conf, error, ctypes.c_size_t(200)))
    said = library.rd_kafka_producev(
        producer,
        *(number(TOPIC), ctypes.c_char_p(topic)),
        *(number(VALUE), ctypes.c_char_p(value), ctypes.c_size_t(len(value))),
        *(number(FLAGS), number(COPY)),
        *(number(HEADER), ctypes.c_char_p(name), ctypes.c_char_p(b"\0x"), ctypes.c_ssize_t(2)),
        number(END),
    )
    assert said == 0
    library.rd_kafka_flush(producer, 10_000)
    library.rd_kafka_destroy(producer)


@pytest.mark.parametrize(
    ("name", "fault"), [(b"_id", None), (b"\xff\xfe", "message: the name of a header is not UTF-8")]
)
def test_a_header_whose_name_is_not_utf8_is_the_messages_fault(broker: str, name: bytes, fault: str | None) -> None:
    _produce(broker, b"t", b"value", name)
    consumer = Consumer({"bootstrap.servers": broker, "group.id": "g", "auto.offset.reset": "earliest", "log_level": 0})
    consumer.subscribe(["t"])
    deadline = time.monotonic() + 30
    got = None
    while (got is None or got.error()) and time.monotonic() < deadline:
        got = consumer.poll(0.5)
    message = as_message(got, 100)
    assert (message.payload, message.fault) == (b"value", fault)
    assert message.headers == ({} if fault else {"_id": b"\0x"})
    consumer.close()
