# syntax=docker/dockerfile:1
# One Kafka broker (KRaft) from its Maven artifacts: nothing is resolved at start.
FROM maven:3.9.11-eclipse-temurin-17-noble AS jars
COPY deploy/jars/pom.xml /jars/pom.xml
RUN mvn -B -q -P 'kafka,!spark' -f /jars/pom.xml dependency:copy-dependencies -Djars=/jars/kafka

FROM eclipse-temurin:17.0.16_8-jre-noble
COPY --from=jars /jars/kafka /opt/kafka/jars
COPY deploy/bin/start-kafka /opt/mediflow/bin/start-kafka
RUN mkdir -p /var/lib/kafka && chown 999:999 /var/lib/kafka
USER 999:999
CMD ["/opt/mediflow/bin/start-kafka"]
