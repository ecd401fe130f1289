# syntax=docker/dockerfile:1
# One Kafka broker (KRaft) from its Maven artifacts: nothing is resolved at start.
FROM maven:3.9.11-eclipse-temurin-17-noble@sha256:e4a7ace3dc0d645ed97f8d9ad0b0d3f0b14fa8d150138f27f116d7105a639b82 AS jars
COPY deploy/jars/pom.xml /jars/pom.xml
RUN mvn -B -q -P 'kafka,!spark' -f /jars/pom.xml dependency:copy-dependencies -Djars=/jars/kafka

FROM eclipse-temurin:17.0.17_10-jre-noble@sha256:3421d7f073ded5491600707946dd7593502bdc87a18b3f234e7069574fb80401
COPY --from=jars /jars/kafka /opt/kafka/jars
COPY deploy/bin/start-kafka /opt/mediflow/bin/start-kafka
RUN mkdir -p /var/lib/kafka && chown 999:999 /var/lib/kafka
USER 999:999
CMD ["/opt/mediflow/bin/start-kafka"]
