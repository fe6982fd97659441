"""Settings: one class; every field can come from the environment, a TOML file or a command's option.

Order of precedence: command-line options, `HARTMANN_…` environment variables, the file named by
`HARTMANN_CONFIG` (or `hartmann.toml` in the user's config folder), the defaults below. Unknown keys in the
file are refused, so that a typing error can't pass for a setting. Secrets print as `**********`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

MEBIBYTE = 1024 * 1024


def config_file() -> Path:
    """The TOML file that is read if it exists."""
    named = os.environ.get("HARTMANN_CONFIG")
    return Path(named) if named else Path(platformdirs.user_config_path("hartmann")) / "hartmann.toml"


def default_data_dir() -> Path:
    """Where the embedded database lives: the user's data folder, such as `~/.local/share/hartmann`."""
    return Path(platformdirs.user_data_path("hartmann"))


class Settings(BaseSettings):
    """Everything that can be set. Example of a file: `vision_model = "Qwen/Qwen2.5-VL-7B-Instruct"`."""

    model_config = SettingsConfigDict(env_prefix="HARTMANN_", extra="forbid", populate_by_name=True)

    data_dir: Path = Field(default_factory=default_data_dir, description="Folder of the embedded database.")
    database_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("HARTMANN_DATABASE_URL", "DATABASE_URL", "database_url"),
        description="An outside Postgres, such as postgresql://user:password@host/hartmann; "
        "empty: the embedded one.",
    )
    search_database_url: SecretStr | None = Field(
        default=None,
        description="A read replica of the outside Postgres, for the library's searches; empty: the same.",
    )
    listen: str = Field(
        default="127.0.0.1:50061", description="HOST:PORT to listen on; port 0 picks a free one."
    )
    tls_certificate: Path | None = Field(default=None, description="PEM certificate chain of the server.")
    tls_key: Path | None = Field(default=None, description="PEM private key of the server.")
    api_keys: tuple[SecretStr, ...] = Field(
        default=(), description="Keys that clients may show as `authorization: Bearer KEY`."
    )

    vision_model: str = Field(
        default="mini",
        description="`mini`, a folder, a hub name such as Qwen/Qwen2.5-VL-7B-Instruct, or the address of an "
        "OpenAI-compatible server such as http://127.0.0.1:8000/v1.",
    )
    vision_revision: str | None = Field(
        default=None,
        description="Commit, tag or branch of a vision model from the hub to pin, such as a full commit hash; "
        "empty: its main branch as it is now.",
    )
    remote_model: str = Field(
        default="", description="Which of the remote server's models; empty: the only one it offers."
    )
    remote_api_key: SecretStr | None = Field(default=None, description="The remote server's key.")
    remote_silence_seconds: float = Field(
        default=120.0, gt=0, description="A remote server that says nothing for this long has failed."
    )
    remote_retries: int = Field(
        default=4,
        ge=0,
        le=20,
        description="How often a call that failed before its first character is repeated.",
    )
    remote_picture_pixels: int = Field(
        default=1024, ge=64, description="Longest side of the picture that is sent to a remote server."
    )
    remote_context_tokens: int = Field(
        default=0, ge=0, description="The remote model's context; 0: as its server says, else 8,192."
    )
    attention_model: str = Field(
        default="",
        description="For remote models: a local model (`mini`, a folder, a name) whose attention is shown instead.",
    )
    prompt_profile: Literal["auto", "compact", "full"] = Field(
        default="auto",
        description="What the prompts say: `compact` is what the mini was trained on, `full` is for models that "
        "follow instructions; auto: compact for `mini`, else full.",
    )
    embedding_model: str = Field(
        default="mini",
        description="`mini`; a folder or file of CLIP or LongCLIP weights, in open_clip's, OpenAI's or transformers' "
        "layout; `hf-hub:owner/name`; or a name of open_clip's such as ViT-B-32:laion2b_s34b_b79k.",
    )
    embedding_device: str = Field(
        default="", description="Torch device of the embedding model, or auto; empty: the same as `device`."
    )
    embedding_dtype: Literal["float32", "bfloat16"] = Field(
        default="float32",
        description="What the embedding model computes in; bfloat16 halves its memory and moves vectors by less than "
        "0.001 of their cosine. Vectors are stored alike.",
    )
    embedding_batch_size: int = Field(
        default=64, ge=1, le=4096, description="Pictures or texts that the embedding model takes at once."
    )
    device: str = Field(
        default="cpu",
        description="Torch device, such as cpu, cuda or cuda:1; auto: the first GPU, else the CPU.",
    )
    device_map: str = Field(
        default="",
        description="For vision models too large for one GPU: auto or balanced (spread over all, the CPU for the "
        'rest), or a JSON object such as {"model.visual": "cuda:0", "model.language_model": "cuda:1", '
        '"lm_head": "cuda:1"}; empty: all on `device`.',
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        default="float32",
        description="Of the vision model's weights; bfloat16 halves their memory; auto: as they were saved.",
    )
    quantisation: Literal["none", "8bit", "4bit"] = Field(
        default="none",
        description="Keep the vision model's weights in 8 bits (a quarter of float32's memory) or 4 (an eighth), by "
        "bitsandbytes: pip install 'hartmann[quantisation]'.",
    )
    picture_pixels: int = Field(
        default=0,
        ge=0,
        description="Pixels of the picture that a local model is shown, such as 262144; larger ones are scaled down. "
        "0: as many as the model's own processor takes.",
    )
    trust_remote_code: bool = Field(default=False, description="Let a model run code of its own (Keye-VL).")
    thinking: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="Whether a model that can think aloud before it answers does so (Keye-VL, Qwen3-VL-Thinking and "
        "kin; a server's where its chat template knows how); auto: as it chooses. Thoughts (at most 4,096 tokens) are "
        "no part of an answer, but they take time.",
    )
    local_files_only: bool = Field(default=False, description="Never ask a hub, even for a hub name.")
    torch_threads: int = Field(default=0, ge=0, le=256, description="CPU threads for models; 0: all cores.")

    max_picture_bytes: int = Field(default=20 * MEBIBYTE, ge=1024, description="Largest picture, in bytes.")
    max_picture_pixels: int = Field(default=64_000_000, ge=1, description="Largest picture, in pixels.")
    max_score_bytes: int = Field(
        default=20 * MEBIBYTE, ge=1024, description="Largest score in an excerpt or an import, in bytes."
    )
    max_prompt_characters: int = Field(default=4000, ge=0, description="Longest prompt.")
    max_abc_characters: int = Field(
        default=100_000, ge=100, le=10_000_000, description="Characters of an ABC text that are read."
    )
    max_abc_notes: int = Field(default=20_000, ge=1, description="Notes of an ABC text that are read.")
    max_abc_bars: int = Field(default=4_000, ge=1, description="Bars of an ABC text, all voices together.")
    max_abc_voices: int = Field(default=64, ge=1, description="Voices of an ABC text that are read.")
    max_abc_problems: int = Field(default=200, ge=1, description="Problems of an ABC text that are listed.")
    drafts: int = Field(
        default=1,
        ge=1,
        le=16,
        description="First drafts, sampled side by side; the one with the fewest errors, then warnings, goes on.",
    )
    max_repairs: int = Field(default=3, ge=0, le=20, description="Rounds of repair for each draft.")
    max_refinements: int = Field(default=1, ge=0, le=10, description="Rounds of refinement by metrics.")
    references_per_side: int = Field(
        default=2, ge=0, le=10, description="k: references by the picture, and as many by the text."
    )
    search_rule: Literal["united", "weighted_mean", "reciprocal_rank"] = Field(
        default="united",
        description="How references for the picture and for the text become one list: the paper's rule (the nearest "
        "to each, united), one search by the weighted mean of both, or fusion of both searches by rank.",
    )
    image_weight: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="The picture's part in the rule weighted_mean; the text has the rest.",
    )
    originality_notes: int = Field(
        default=16, ge=4, le=1000, description="A shared run of this many notes sends a draft back once."
    )
    measure_faithfulness: bool = Field(
        default=True, description="Measure how far the caption depends on what its attention shows."
    )
    attention_layers: str = Field(
        default="all",
        description="Whose attention counts: all, numbers such as 0,3,8-11, or a part such as `last third`.",
    )
    attention_heads: str = Field(default="all", description="The same of the heads of each layer.")
    damp_attention_sinks: bool = Field(
        default=False,
        description="Draw maps without what a few cells of the picture get from every token alike.",
    )

    worker_concurrency: int = Field(default=2, ge=1, le=64, description="Compositions at once per worker.")
    model_queue: int = Field(default=32, ge=1, description="Calls that may wait for a model.")
    max_waiting_compositions: int = Field(
        default=256, ge=1, description="Queued compositions before refusal."
    )
    lease_seconds: float = Field(
        default=10.0, gt=0, le=3600, description="A worker silent for this long loses its work to another."
    )
    watch_heartbeat_seconds: float = Field(
        default=10.0, gt=0, le=300, description="An idle watch stream says so this often."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info")
    log_format: Literal["console", "json"] = Field(default="console")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options over environment over file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=config_file())

    def redacted(self) -> dict[str, Any]:
        """All values as plain data, secrets replaced by asterisks, for `doctor` and logs."""
        return self.model_dump(mode="json")
