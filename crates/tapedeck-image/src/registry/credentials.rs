//! Credentials as `docker login` leaves them: `auths` of Docker's `config.json`, and the programs that it names.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::credential_program;

/// Who to be towards registries. Never shown, not even by `Debug`.
#[derive(Clone, Default)]
pub struct Credentials {
    logins: BTreeMap<String, Login>,
    /// What the names of the programs end in that keep the credentials of some registries, by registry.
    programs: BTreeMap<String, String>,
    /// The same for all other registries.
    program_of_others: Option<String>,
    /// Why a program gave nothing, by registry.
    silent: BTreeMap<String, String>,
}

/// Who to be towards one registry. Never shown, not even by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Login(pub(super) Proof);

/// How a registry is told who asks.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Proof {
    /// User and password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// A token that the registry itself takes.
    Token(String),
    /// A token that whoever hands out tokens changes for one.
    Identity(String),
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
        for (key, auth) in config.auths {
            let login = auth.login().map_err(|()| CredentialsError::Entry {
                path: path.to_owned(),
                registry: key.clone(),
            })?;
            if let Some(login) = login {
                logins.insert(registry_of(&key), login);
            }
        }
        let is_named = |program: &String| !program.is_empty();
        let programs = config.cred_helpers.into_iter();
        Ok(Self {
            logins,
            programs: programs
                .filter(|(_, program)| is_named(program))
                .map(|(key, program)| (registry_of(&key), program))
                .collect(),
            program_of_others: config.creds_store.filter(is_named),
            silent: BTreeMap::new(),
        })
    }

    /// The same with what the program knows that `config.json` names for a registry, if it names one. The program is
    /// looked for in `search_path`, which has the form of `PATH`. One that is missing or fails is mentioned when the
    /// registry refuses: many images need no login.
    #[must_use]
    pub fn asking(mut self, registry: &str, search_path: &OsStr) -> Self {
        let program = self.programs.get(registry).or(self.program_of_others.as_ref());
        let Some(program) = program else { return self };
        match credential_program::ask(program, registry, search_path) {
            Ok(Some(login)) => {
                self.logins.insert(registry.to_owned(), login);
            }
            Ok(None) => {}
            Err(reason) => {
                self.silent.insert(registry.to_owned(), reason);
            }
        }
        self
    }

    /// The same with a login for a registry, whatever was known for it.
    #[must_use]
    pub fn with(mut self, registry: &str, login: Login) -> Self {
        self.logins.insert(registry.to_owned(), login);
        self
    }

    /// Those for a registry.
    pub(super) fn for_registry(&self, registry: &str) -> Option<&Login> {
        self.logins.get(registry)
    }

    /// What to do when a registry wants other credentials than these.
    pub(super) fn way_out(&self, registry: &str) -> String {
        if self.logins.contains_key(registry) {
            return format!(
                "check the name, and that the user of `docker login {registry}` may do this, then log in again"
            );
        }
        if let Some(reason) = self.silent.get(registry) {
            return format!(
                "check the name; if it needs a login: {reason}, so nobody was asked for; mend that, or put a user and \
                 password for {registry} into `auths` of Docker's config.json"
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

impl fmt::Debug for Login {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Login")
    }
}

impl Login {
    /// A user and a password.
    #[must_use]
    pub fn password(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self(Proof::Password {
            user: user.into(),
            password: password.into(),
        })
    }

    /// The value of the header `Authorization` that says this to whoever asks for it as it is; none when only a token
    /// can be had for it.
    pub(super) fn header(&self) -> Option<String> {
        match &self.0 {
            Proof::Password { user, password } => {
                Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
            }
            Proof::Token(token) => Some(format!("Bearer {token}")),
            Proof::Identity(_) => None,
        }
    }
}

impl Auth {
    fn login(self) -> Result<Option<Login>, ()> {
        if let Some(token) = self.registrytoken.filter(|token| !token.is_empty()) {
            return Ok(Some(Login(Proof::Token(token))));
        }
        if let Some(token) = self.identitytoken.filter(|token| !token.is_empty()) {
            return Ok(Some(Login(Proof::Identity(token))));
        }
        if let Some(encoded) = self.auth.filter(|encoded| !encoded.is_empty()) {
            let decoded = STANDARD.decode(encoded.trim()).map_err(drop)?;
            let text = String::from_utf8(decoded).map_err(drop)?;
            let (user, password) = text.split_once(':').ok_or(())?;
            // Docker once padded passwords with zero bytes.
            let password = password.trim_end_matches('\0');
            // Only a user: the password is elsewhere.
            if password.is_empty() {
                return Ok(None);
            }
            return Ok(Some(Login::password(user, password)));
        }
        Ok(match (self.username, self.password) {
            (Some(user), Some(password)) => Some(Login::password(user, password)),
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
