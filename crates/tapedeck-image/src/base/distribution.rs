//! Which distribution this machine has: scanners look up known weaknesses by it.

/// A distribution as package URLs name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Distribution {
    /// Such as `debian`.
    id: String,
    /// Such as `12`; empty for one that is always the newest.
    version: String,
}

impl Distribution {
    /// That of this machine, whose sources apt uses.
    pub(super) fn of_this_machine() -> Self {
        let text = fs_err::read_to_string("/etc/os-release")
            .or_else(|_| fs_err::read_to_string("/usr/lib/os-release"))
            .unwrap_or_default();
        Self::of_release(&text)
    }

    /// Reads `os-release`.
    pub(super) fn of_release(text: &str) -> Self {
        let field = |name: &str| {
            let value = text
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            value.map(|value| value.trim_matches(['"', '\'']).to_owned())
        };
        Self {
            id: field("ID").unwrap_or_else(|| "debian".to_owned()),
            version: field("VERSION_ID").unwrap_or_default(),
        }
    }

    /// The package URL of a package with this `control` paragraph.
    pub(super) fn package_url(&self, control: &str, name: &str, version: &str) -> String {
        let field = |name: &str| {
            let line = control
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.unwrap_or_default().trim()
        };
        let release = match self.version.as_str() {
            "" => self.id.clone(),
            version => format!("{}-{version}", self.id),
        };
        // Written as `gcc-12 (12.2.0-14)` where the versions differ.
        let source = field("Source").replace(" (", "@").replace(')', "");
        let qualifiers = [
            ("arch", field("Architecture")),
            ("distro", &release),
            ("upstream", &source),
        ];
        crate::package_url("deb", &format!("{}/{name}", self.id), version, &qualifiers)
    }
}
