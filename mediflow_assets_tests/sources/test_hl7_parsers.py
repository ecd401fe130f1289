"""What is read of a message is what python-hl7, which is too slow for days of them, reads of it."""

import hl7

from mediflow_assets.contracts.hl7_message import Message, Value
from mediflow_assets_tests.sources.adt_days import House as Hospital

MORE = "MSH|^~\\&|A|B|C|D|2024||ADT^A08|1|P|2.5\rZZZ|a\\T\\b^c&d~e|\\X4F\\k\rPID|1||1^^^H&2.16&ISO~2||O\\E\\x^\\F\\"


def test_every_part_is_what_another_parser_reads():
    hospital = Hospital(11).days(150)
    for text in (*hospital.messages, MORE):
        other, ours = hl7.parse(text + "\r"), Message(text)
        for name in {str(segment[0]) for segment in other} - {"MSH"}:
            for theirs, mine in zip(other.segments(name), ours.segments(name), strict=True):
                for field in range(1, len(theirs)):
                    for value, told in zip(theirs(field), mine.fields[field].split("~"), strict=True):
                        said = Value(told, ours.marks)
                        for part, component in enumerate(value if isinstance(value, hl7.Repetition) else [value], 1):
                            for place, sub in enumerate(component if isinstance(component, list) else [component], 1):
                                assert (said(part, place) or "") == other.unescape(str(sub)).strip()
