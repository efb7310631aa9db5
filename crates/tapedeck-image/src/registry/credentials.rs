//! Credentials as `docker login` leaves them: `auths` of Docker's `config.json`. Helper programs are not asked.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// Who to be towards registries. Never shown, not even by `Debug`.
#[derive(Clone, Default)]
pub struct Credentials {
    logins: BTreeMap<String, Login>,
    /// Some registries' credentials may be with a program that is not asked.
    has_helpers: bool,
}

/// For one registry.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Login {
    /// User and password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// A token that the registry itself takes.
    Token(String),
}

/// Docker's `config.json` is there but could not be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The file could not be read.
    #[error("cannot read the credentials of registries: correct the file, or remove it to be nobody")]
    Read(#[source] io::Error),
    /// The file is not what it should be. Nothing of it is quoted.
    #[error("{} is not a config.json of Docker (line {line}, column {column}): correct it, or remove it to be nobody", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
        /// Where in that line.
        column: usize,
    },
    /// An entry that is not what it should be.
    #[error("the entry for {registry} in {} is not Base64 of `user:password`: run `docker login {registry}` again", path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// For which registry.
        registry: String,
    },
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ConfigJson {
    auths: BTreeMap<String, Auth>,
    creds_store: Option<String>,
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Auth {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    registrytoken: Option<String>,
    identitytoken: Option<String>,
}

impl Credentials {
    /// Nobody's.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads Docker's `config.json`; a missing file holds none.
    ///
    /// # Errors
    /// [`CredentialsError`] when the file cannot be read or understood.
    pub fn read(path: &Path) -> Result<Self, CredentialsError> {
        match fs_err::read(path) {
            Ok(content) => Self::parse(&content, path),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(Self::none())
            }
            Err(error) => Err(CredentialsError::Read(error)),
        }
    }

    pub(super) fn parse(content: &[u8], path: &Path) -> Result<Self, CredentialsError> {
        // The reader's own message could quote a password.
        let config: ConfigJson = serde_json::from_slice(content).map_err(|error| CredentialsError::Form {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
        })?;
        let mut logins = BTreeMap::new();
        let mut has_helpers = config.creds_store.is_some() || !config.cred_helpers.is_empty();
        for (key, auth) in config.auths {
            has_helpers |= auth.identitytoken.is_some();
            let login = auth.login().map_err(|()| CredentialsError::Entry {
                path: path.to_owned(),
                registry: key.clone(),
            })?;
            if let Some(login) = login {
                logins.insert(registry_of(&key), login);
            }
        }
        Ok(Self { logins, has_helpers })
    }

    /// Those for a registry.
    pub(super) fn for_registry(&self, registry: &str) -> Option<&Login> {
        self.logins.get(registry)
    }

    /// What to do when a registry wants other credentials than these.
    pub(super) fn way_out(&self, registry: &str) -> String {
        if self.logins.contains_key(registry) {
            return format!(
                "check the name, and that the user of `docker login {registry}` may pull it, then log in again"
            );
        }
        if self.has_helpers {
            return format!(
                "check the name; if it needs a login, put it into `auths` of Docker's config.json (a user and \
                 password for {registry}), because credential helpers and identity tokens are not used"
            );
        }
        format!("check the name, or run `docker login {registry}` if it needs a login")
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.logins.keys()).finish()
    }
}

impl Login {
    /// The value of the header `Authorization` that says this to whoever asks for a password.
    pub(super) fn header(&self) -> String {
        match self {
            Self::Password { user, password } => {
                format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
            }
            Self::Token(token) => format!("Bearer {token}"),
        }
    }
}

impl Auth {
    fn login(self) -> Result<Option<Login>, ()> {
        if let Some(token) = self.registrytoken.filter(|token| !token.is_empty()) {
            return Ok(Some(Login::Token(token)));
        }
        if let Some(encoded) = self.auth.filter(|encoded| !encoded.is_empty()) {
            let decoded = STANDARD.decode(encoded.trim()).map_err(drop)?;
            let text = String::from_utf8(decoded).map_err(drop)?;
            let (user, password) = text.split_once(':').ok_or(())?;
            // Docker once padded passwords with zero bytes.
            let password = password.trim_end_matches('\0');
            // An identity token stands beside the placeholder `<token>` and no password.
            if password.is_empty() {
                return Ok(None);
            }
            return Ok(Some(Login::Password {
                user: user.to_owned(),
                password: password.to_owned(),
            }));
        }
        Ok(match (self.username, self.password) {
            (Some(user), Some(password)) => Some(Login::Password { user, password }),
            _ => None,
        })
    }
}

/// The registry that a key of `auths` stands for: a host, or an address with scheme and path.
fn registry_of(key: &str) -> String {
    let bare = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key);
    match bare.split('/').next().unwrap_or(bare) {
        "index.docker.io" | "registry-1.docker.io" => "docker.io".to_owned(),
        host => host.to_owned(),
    }
}
