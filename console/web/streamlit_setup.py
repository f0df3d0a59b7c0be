"""Streamlit's settings, as data: set before the App is built, and asked for again by `doctor`."""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from streamlit import config
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session

from console.web.guard.door import LOGIN_HEADER, USER_HEADER, origin_of

UPLOAD_MIB: Final = 20
FONT: Final = (
    '"Noto Sans SC","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",system-ui,sans-serif'
)
CODE_FONT: Final = (
    '"Cascadia Code","SFMono-Regular",Menlo,Consolas,"Noto Sans Mono CJK SC",monospace'
)
CHART_COLOURS: Final = [
    "#0F5C63",
    "#C8842B",
    "#4B6FA5",
    "#8A4F7D",
    "#5B8C5A",
    "#B5523F",
    "#73868B",
    "#2FA39A",
    "#9A8B3C",
    "#3F6D8E",
]
"""Ten: with fewer, Streamlit's page writes "undefined" into Plotly's list and all is blue."""

THEME: Final[Mapping[str, object]] = {
    "theme.font": FONT,
    "theme.headingFont": FONT,
    "theme.codeFont": CODE_FONT,
    "theme.baseRadius": "6px",
    "theme.baseFontSize": 15,
    "theme.headingFontWeights": [650, 620, 600, 600, 600, 600],
    "theme.showWidgetBorder": True,
    "theme.light.primaryColor": "#0F5C63",
    "theme.light.backgroundColor": "#FBFCFB",
    "theme.light.secondaryBackgroundColor": "#EDF3F2",
    "theme.light.textColor": "#12262B",
    "theme.light.linkColor": "#0B6670",
    "theme.light.borderColor": "#CFDAD9",
    "theme.light.chartCategoricalColors": CHART_COLOURS,
    "theme.light.sidebar.backgroundColor": "#10313A",
    "theme.light.sidebar.secondaryBackgroundColor": "#1B4651",
    "theme.light.sidebar.textColor": "#E8F1F0",
    "theme.light.sidebar.linkColor": "#8ADBD3",
    "theme.light.sidebar.primaryColor": "#5FC4BD",
    "theme.light.sidebar.borderColor": "#2A5661",
    "theme.dark.primaryColor": "#23807A",
    "theme.dark.backgroundColor": "#0C1B1F",
    "theme.dark.secondaryBackgroundColor": "#13282E",
    "theme.dark.textColor": "#E3EDEC",
    "theme.dark.linkColor": "#7AD4CC",
    "theme.dark.borderColor": "#28444B",
    "theme.dark.chartCategoricalColors": ["#4FB8AF", *CHART_COLOURS[1:]],
    "theme.dark.sidebar.backgroundColor": "#081418",
    "theme.dark.sidebar.secondaryBackgroundColor": "#10242A",
}

STREAMLIT_OPTIONS: Final[Mapping[str, object]] = {
    "browser.gatherUsageStats": False,
    "client.allowedOrigins": [],  # nobody embeds us or posts messages to us
    "client.disableDataExport": True,  # exports go through routes that check and record
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "global.developmentMode": False,
    "logger.enableRich": False,
    "logger.level": "warning",
    "runner.enforceSerializableSessionState": False,
    "runner.magicEnabled": False,
    "runner.postScriptGC": False,  # a full collection after each run costs 4/5 of the CPU
    "server.allowRunOnSave": False,
    "server.baseUrlPath": "console",
    "server.disconnectedSessionTTL": 120,
    "server.enableAgentApi": False,
    "server.enableCORS": True,
    "server.enableStaticServing": False,
    "server.enableXsrfProtection": True,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.maxMessageSize": 50,
    "server.maxUploadSize": UPLOAD_MIB,
    "server.maxWidgetStateSize": 4,
    "server.runOnSave": False,
    "server.scriptHealthCheckEnabled": False,
    "server.trustedUserHeaders": {LOGIN_HEADER: "login", USER_HEADER: "user"},
    "server.unsafeMetricsUserAttributes": [],
    **THEME,
}


def options_for(public_url: str, more_origins: tuple[str, ...] = ()) -> Mapping[str, object]:
    """All options, with the hosts and origins that this installation answers to."""
    origins = sorted({origin_of(url) for url in (public_url, *more_origins)})
    return {
        **STREAMLIT_OPTIONS,
        "server.allowedHosts": sorted({urlsplit(origin).hostname or "" for origin in origins}),
        "server.corsAllowedOrigins": origins,
    }


def apply(options: Mapping[str, object]) -> None:
    """Set them over any config.toml. Must come before `App` is built: it reads the base path."""
    for name, value in options.items():
        config.set_option(name, value, "channel")
    app_session._populate_theme_msg = _Theme(_read_theme)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


_read_theme: Final = app_session._populate_theme_msg  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


class _Theme:
    """The theme as every run of a page begins by telling it, read once after `apply`.

    Streamlit reads it anew from three hundred options for each of six sections: 5 ms of a run.
    """

    def __init__(self, read: Callable[[CustomThemeConfig, str], None]) -> None:
        self._read = read
        self._known: dict[str, CustomThemeConfig] = {}

    def __call__(self, message: CustomThemeConfig, section: str = "theme") -> None:
        if section not in self._known:
            self._known[section] = CustomThemeConfig()
            self._read(self._known[section], section)
        message.MergeFrom(self._known[section])


def unmet(options: Mapping[str, object]) -> list[str]:
    """What Streamlit now has otherwise than we want it, one line each."""
    known = config.get_config_options()
    return [
        f"streamlit {name}: {known[name].value if name in known else 'unknown'} is not {value}"
        for name, value in options.items()
        if name not in known or known[name].value != value
    ]
