# What builds stays behind; what runs has no compiler, no root and no secrets.
FROM python:3.12-slim AS build
RUN python -m venv /opt/mma
WORKDIR /src
COPY image-packages.txt ./
RUN /opt/mma/bin/pip install --no-cache-dir --require-hashes --requirement image-packages.txt
COPY pyproject.toml README.md LICENSE ./
COPY configs configs
COPY skymaps skymaps
COPY coincidence coincidence
COPY mma mma
RUN /opt/mma/bin/pip install --no-cache-dir --no-deps --no-build-isolation . && /opt/mma/bin/pip uninstall --yes hatchling

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 mma
COPY --from=build /opt/mma /opt/mma
ENV PATH=/opt/mma/bin:$PATH PYTHONUNBUFFERED=1
USER mma
WORKDIR /home/mma
ENTRYPOINT ["mma"]
CMD ["--help"]
