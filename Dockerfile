# Keyart in one image, for the service and for a trainer: docs/containers.md says how to run it.
#
# What is fetched: the base image; the locked wheels, each checked against its hash; and from Debian what Pillow needs
# to set names on pictures. Another Python index is named with --build-arg PIP_INDEX_URL=…; it leaves no trace.

ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS dependencies
ARG PIP_INDEX_URL
WORKDIR /build
RUN python -m venv --without-pip /opt/keyart
COPY requirements/run.txt .
RUN pip --python /opt/keyart/bin/python --disable-pip-version-check --no-cache-dir \
        install --require-hashes --only-binary :all: --no-compile --requirement run.txt \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/keyart/lib

FROM dependencies AS project
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY assets assets
COPY bandit bandit
COPY docs docs
# Into a folder of its own: what it adds is a small layer over the dependencies, which stay as they are.
RUN pip --python /opt/keyart/bin/python --disable-pip-version-check --no-cache-dir \
        install --no-deps --no-index --no-build-isolation --no-compile --root /project . \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash -s /project /project/opt/keyart/lib \
 && install -D -m 644 LICENSE /project/usr/share/doc/keyart/LICENSE

FROM ${BASE}
# Pillow's wheel brings Raqm, and looks for FriBidi on the machine; Noto has the letters.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends fonts-noto-core libfribidi0 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/ldconfig/* /var/log/apt /var/log/*.log
RUN groupadd --gid 10001 keyart \
 && useradd --uid 10001 --gid keyart --no-create-home --home-dir /tmp --shell /usr/sbin/nologin keyart \
 && install -d -m 700 -o keyart -g keyart /data
ENV PATH=/opt/keyart/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    KEYART_HOST=0.0.0.0 \
    KEYART_DATA=/data
LABEL org.opencontainers.image.title="Keyart" \
      org.opencontainers.image.description="Chooses the artwork of a title for each viewer profile." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11-slim-bookworm"
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# A check takes most of a second of CPU time: viewers come first.
HEALTHCHECK --interval=30s --timeout=30s --start-period=60s --retries=3 CMD ["nice", "keyart", "health"]
ENTRYPOINT ["keyart"]
CMD ["serve"]
COPY --from=dependencies /opt/keyart /opt/keyart
COPY --from=project /project /
