# syntax=docker/dockerfile:1
# The object store: VersityGW, the S3 API over a folder.
FROM golang:1.26.6-bookworm@sha256:116d58cbd88c1297624acc6e967a060012422bacf9930927e23fb719189c6f36 AS build
RUN CGO_ENABLED=0 GOFLAGS=-trimpath go install github.com/versity/versitygw/cmd/versitygw@v1.8.0

FROM alpine:3.22@sha256:14358309a308569c32bdc37e2e0e9694be33a9d99e68afb0f5ff33cc1f695dce
COPY --from=build /go/bin/versitygw /usr/local/bin/versitygw
COPY deploy/bin/start-objects /opt/mediflow/bin/start-objects
RUN mkdir -p /var/lib/objects && chown 999:999 /var/lib/objects
USER 999:999
CMD ["/opt/mediflow/bin/start-objects"]
