"""What of the environment the dashboard reads. It knows contracts only, so these are its own."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_YES = ("1", "true", "yes")


class DashboardSettings(BaseSettings):
    """Where the tables and the gateway are."""

    model_config = SettingsConfigDict(env_prefix="MEDIFLOW_", frozen=True, extra="ignore")

    home: Path = Field(Path(".mediflow"), description="the folder of everything that MediFlow keeps")
    lake: str | None = Field(None, description="root of the tables: a folder or an s3:// URI; default <home>/lake")
    gateway_url: str = Field("http://127.0.0.1:8000", description="where the gateway answers; doctor asks it too")
    synthetic: Annotated[bool, BeforeValidator(lambda said: str(said).lower() in _YES)] = Field(
        False, description="`true`: the dashboard says that the data is synthetic, wherever it came from"
    )

    @property
    def root(self) -> Path:
        """`home`, absolute."""
        return self.home.expanduser().absolute()

    @property
    def lake_root(self) -> str:
        """The root of the tables."""
        return self.lake or str(self.root / "lake")
