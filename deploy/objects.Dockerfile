# syntax=docker/dockerfile:1
# The object store: VersityGW, the S3 API over a folder.
FROM golang:1.26-bookworm AS build
RUN CGO_ENABLED=0 GOFLAGS=-trimpath go install github.com/versity/versitygw/cmd/versitygw@v1.8.0

FROM alpine:3.22
COPY --from=build /go/bin/versitygw /usr/local/bin/versitygw
COPY deploy/bin/start-objects /opt/mediflow/bin/start-objects
RUN mkdir -p /var/lib/objects && chown 999:999 /var/lib/objects
USER 999:999
CMD ["/opt/mediflow/bin/start-objects"]
