"""Events of Kafka: the topic and its offsets, exact ranges of it, alerts in real time, and what to try it with.

What an event holds is in `contracts.events`; how it is validated, in `transforms.events` and the Silver steps.
"""
