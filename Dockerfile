# guardware for a container: docker build -t guardware . ; docs/server.md says how to run it.
ARG PYTHON=3.13-slim-bookworm

FROM python:${PYTHON} AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY guardware guardware
COPY config config
RUN python -m venv /opt/guardware \
    && /opt/guardware/bin/pip install --no-cache-dir --disable-pip-version-check .

FROM python:${PYTHON}
# A number, so that orchestrators can see that it is not root.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin guardware \
    && install -d -o 10001 -g 10001 -m 0700 /var/lib/guardware
COPY --from=build /opt/guardware /opt/guardware
ENV PATH=/opt/guardware/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STATE_DIRECTORY=/var/lib/guardware
USER 10001:10001
WORKDIR /var/lib/guardware
VOLUME /var/lib/guardware
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/.guardware/health', timeout=4)"]
# Within the container on every address; who may reach it is said by what is published.
ENTRYPOINT ["guardware"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000", "--config", "/etc/guardware/guardware.yaml"]
