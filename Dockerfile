# syntax=docker/dockerfile:1
#
# bank-cli in a container, without a shell and without root:
#
#   docker build --tag bank-cli .
#   docker run --rm --volume bank:/data bank-cli demo
#   docker run --rm --volume /srv/bank:/data bank-cli list --database-url sqlite:/data/bank.db
#   docker run --rm --env DATABASE_URL bank-cli doctor
#
# Mount the directory of an SQLite file, not the file: SQLite keeps its log beside the file, and the log of a file that is
# mounted by itself stays in the container. bank-cli refuses to write to such a file.
#
# Nothing secret goes into the image: name the database when it runs, in the environment or in a file of the platform.

# The version of rust-toolchain.toml.
FROM rust:1.95.0-slim-bookworm AS build

# What compiles libpq, OpenSSL and SQLite. Debian keeps no old versions of a package, so none are pinned; the image's
# tag pins the release.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends build-essential perl \
    && rm -rf /var/lib/apt/lists/*

# The toolchain that is there, without the components for development that rust-toolchain.toml asks for.
ENV RUSTUP_TOOLCHAIN=1.95.0

WORKDIR /bank
COPY . .
RUN cargo build --locked --release --package bank-cli --bin bank-cli \
    && mkdir /data

# The C library, OpenSSL's root certificates, and a user without rights; no shell, no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot

LABEL org.opencontainers.image.title="bank-cli" \
      org.opencontainers.image.description="Moves money between accounts, correctly, on PostgreSQL-compatible databases and SQLite" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"

COPY --from=build /bank/target/release/bank-cli /usr/local/bin/bank-cli
COPY --from=build /bank/LICENSE-MIT /bank/LICENSE-APACHE /usr/share/doc/bank-cli/
# The default database lives in a volume that the user of the image may write to.
COPY --from=build --chown=65532:65532 /data /data

# Root certificates for sslrootcert=system: the compiled-in OpenSSL does not know where Debian keeps them.
ENV XDG_DATA_HOME=/data \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
VOLUME ["/data"]
WORKDIR /data
USER 65532:65532
STOPSIGNAL SIGINT
ENTRYPOINT ["/usr/local/bin/bank-cli"]
CMD ["--help"]
