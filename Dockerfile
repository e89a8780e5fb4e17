# Billing Bot. The policy is mounted read-only, the database lives on the volume, secrets come as BILLING_BOT_
# variables or as files (BILLING_BOT_SECRETS_DIR). The root file system may be read-only:
#
#   docker run --read-only --stop-timeout 40 --env-file billing-bot.env \
#     -v billing-bot:/data -v ./policy.toml:/etc/billing-bot/policy.toml:ro billing-bot

FROM python:3.11-slim AS build
COPY constraints.txt .
# The list is complete (a test says so), so nothing is resolved here.
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --no-cache-dir --no-compile --no-deps --quiet -r constraints.txt \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib
COPY bot /app/bot
RUN python -m compileall -q -j 0 --invalidation-mode unchecked-hash /app/bot

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    BILLING_BOT_HOST=0.0.0.0 \
    BILLING_BOT_DATABASE=/data/billing-bot.db \
    BILLING_BOT_POLICY_FILE=/etc/billing-bot/policy.toml
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
COPY LICENSE app-manifest.yml /app/
WORKDIR /app
# The base image has no bytecode for the standard library: importing once writes it for what the bot uses, and
# proves that everything can be imported.
RUN python -c "import bot.app" && install -d -o 10001 -g 10001 -m 0700 /data
ENV PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:' + os.environ.get('BILLING_BOT_PORT', '8080') + '/healthz', timeout=4)"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
