//! Which distribution this machine has: scanners look up known weaknesses by it, and apt in an image its packages.

use std::collections::BTreeSet;

use super::apt::Archive;

/// A distribution as package URLs name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Distribution {
    /// Such as `debian`.
    id: String,
    /// Such as `12`; empty for one that is always the newest.
    version: String,
}

/// The keys that a distribution signs its packages with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Keyring {
    /// The package that brings them.
    pub(super) package: &'static str,
    /// Where they are then.
    file: &'static str,
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

    /// Its keys, for those whose archive is known.
    pub(super) fn keyring(&self) -> Option<Keyring> {
        match self.id.as_str() {
            "debian" => Some(Keyring {
                package: "debian-archive-keyring",
                file: "/usr/share/keyrings/debian-archive-keyring.gpg",
            }),
            "ubuntu" => Some(Keyring {
                package: "ubuntu-keyring",
                file: "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
            }),
            _ => None,
        }
    }

    /// Where apt finds its packages, in the format of `sources.list.d`: the distribution's own among the archives that
    /// this machine uses. None for a distribution whose keys are not known, and for a machine that takes nothing from it.
    pub(super) fn sources(&self, archives: &[Archive]) -> Option<String> {
        let keys = self.keyring()?.file;
        let own = archives
            .iter()
            .filter(|archive| archive.origin.eq_ignore_ascii_case(&self.id));
        let sources: BTreeSet<String> = own
            .filter_map(|archive| {
                let Archive { suite, component, .. } = archive;
                let address = archive.public_address()?;
                Some(format!(
                    "Types: deb\nURIs: {address}\nSuites: {suite}\nComponents: {component}\nSigned-By: {keys}\n\n"
                ))
            })
            .collect();
        (!sources.is_empty()).then(|| sources.into_iter().collect())
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
