"""Every exception of the project. A text says what happened, where, and what to do; never a row's value."""


class MediFlowError(Exception):
    """Base of all: its text may be shown to anyone."""


class SettingsInvalid(MediFlowError):
    """A setting, a `sources.toml` entry or an argument is not usable."""


class SecretMissing(MediFlowError):
    """A key file is absent, unreadable, of the wrong size, or readable by others."""


class DeliveryRefused(MediFlowError):
    """A file is not a delivery of any known source, or cannot be read to its end."""


class DeliveryNotRead(DeliveryRefused):
    """A file is a table of a known export that holds nothing MediFlow reads: nothing is wrong with it."""


class DeliveryChanged(MediFlowError):
    """A file changed while it was being read; it is left where it is."""


class LakeBusy(MediFlowError):
    """Another process holds the lake lease."""


class LakeTooNew(MediFlowError):
    """The lake was written by a newer MediFlow than this one."""


class UpgradeNeeded(MediFlowError):
    """An older MediFlow wrote the lake, and more than a run does by itself is needed."""


class TableDamaged(MediFlowError):
    """Files or the log of a table are gone or cannot be read; the text names the table and the way out."""


class ContractViolated(MediFlowError):
    """A frame does not have the columns of the table it is to be written to, or a blocking check failed."""


class EngineUnreachable(MediFlowError):
    """No Spark Connect server answers."""


class EngineFailed(MediFlowError):
    """The engine or the storage library raised; only its class is told, for its text may hold row values."""


class LogInvalid(EngineFailed):
    """An entry or a checkpoint of a table's log is missing, or is not what a log holds."""


class KeyMismatch(MediFlowError):
    """Two tables were pseudonymised under different keys."""


class LoginRefused(MediFlowError):
    """Unknown user, wrong password, or a disabled account."""


class NothingToDo(MediFlowError):
    """A command named something that is not there."""


class NamespaceNeeded(MediFlowError):
    """An id stands for several patients, and nothing says for whom."""


class ErasureUnfinished(MediFlowError):
    """An erasure was cut short and has to be finished first."""


class RotationUnfinished(MediFlowError):
    """A change of the pseudonym key was cut short and has to be finished first."""


class ExportRefused(MediFlowError):
    """A table may not leave the house, or not as it stands."""


class BackupInvalid(MediFlowError):
    """A backup is not whole, or cannot be put where it was to be put."""


class BundleInvalid(MediFlowError):
    """A served model's files are absent, changed, or do not fit together."""


class InputInvalid(MediFlowError):
    """A model was given a row that lacks a required input, or an input of the wrong type."""


class TrainingRefused(MediFlowError):
    """A model cannot be trained, or there is no such version of it."""


class TooLittleData(TrainingRefused):
    """There is too little to learn a model from yet: it is left out, and nothing has failed."""


class LeakSuspected(MediFlowError):
    """A model is better than its data allows: a feature tells what was to be predicted."""


class GraphWrong(MediFlowError):
    """The exported graph is too large, or does not answer as the trained model does."""


class RegistryUnreachable(MediFlowError):
    """The model registry does not answer, or refuses."""


class BrokerUnreachable(MediFlowError):
    """No Kafka broker answers, or it stopped answering."""


class OffsetsLost(MediFlowError):
    """The broker no longer has messages that were never landed."""


class StreamFailed(MediFlowError):
    """The streaming service cannot start or go on."""


class PortTaken(MediFlowError):
    """Something else listens where a service is to listen."""


class PullFailed(MediFlowError):
    """A FHIR server's export did not come, or not whole; what has come stays, and the next pull goes on."""


class JobGone(PullFailed):
    """The server no longer has an export that it has begun."""
