# One image for all servers: the manifest says which module runs.
#   docker build -t quartet .                                  torch for the CPU
#   docker build -t quartet --build-arg TORCH=cuda .           torch with CUDA
FROM python:3.11-slim AS build
ARG TORCH=cpu
WORKDIR /src
RUN python -m venv /opt/quartet
COPY constraints.txt ./
RUN if [ "$TORCH" = cpu ]; then index="--index-url https://download.pytorch.org/whl/cpu"; else index=""; fi \
    && /opt/quartet/bin/pip install --no-cache-dir $index "$(grep '^torch==' constraints.txt)"
COPY pyproject.toml README.md LICENSE ./
COPY quartet quartet
COPY serving serving
COPY services services
COPY gateway gateway
COPY training training
RUN /opt/quartet/bin/pip install --no-cache-dir --constraint constraints.txt ".[cli,gateway,small]"
COPY models/nano /opt/quartet/models/nano

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin quartet
COPY --from=build /opt/quartet /opt/quartet
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["/opt/quartet/bin/python"]
CMD ["-m", "quartet.cli", "--help"]
