//! Which major version of Java a program is compiled for and runs on: a function of texts found in the project.

/// The version that was chosen and who asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JavaVersion {
    /// The major version, such as 17.
    pub(crate) major: u16,
    /// No other will do. Otherwise a newer one is as good: Java runs what older compilers made.
    pub(crate) is_exact: bool,
    /// Who asked for it, such as `.java-version`.
    pub(crate) asked_by: String,
}

/// A text that says which version is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Where it stands, such as `maven.compiler.release of pom.xml`.
    pub(crate) asked_by: String,
    pub(crate) text: String,
    /// It names the Java that runs the program, not the oldest one that could.
    pub(crate) is_exact: bool,
}

/// A wish that cannot be met.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot use `{text}`, which {asked_by} gives as the version of Java: write a major version from {OLDEST} on, or set \
     languageSpecificConfig.javaVersion"
)]
pub struct InvalidJavaVersion {
    /// Where the text stands.
    pub asked_by: String,
    /// The text.
    pub text: String,
}

/// The oldest Java that knows its memory limit from the container.
const OLDEST: u16 = 8;

impl Wish {
    /// The Java that runs the program.
    pub(crate) fn exact(asked_by: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            asked_by: asked_by.into(),
            text: text.into(),
            is_exact: true,
        }
    }

    /// The oldest Java that can run the program.
    pub(crate) fn at_least(asked_by: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            is_exact: false,
            ..Self::exact(asked_by, text)
        }
    }

    /// The wish as a version.
    pub(crate) fn version(&self) -> Result<JavaVersion, InvalidJavaVersion> {
        let invalid = || InvalidJavaVersion {
            asked_by: self.asked_by.clone(),
            text: self.text.clone(),
        };
        let major = major_of(&self.text)
            .filter(|&major| major >= OLDEST || !self.is_exact)
            .ok_or_else(invalid)?;
        Ok(JavaVersion {
            // What was compiled for an older one runs on the oldest there is.
            major: major.max(OLDEST),
            is_exact: self.is_exact,
            asked_by: self.asked_by.clone(),
        })
    }
}

/// Chooses by the first wish, else as new a Java as that of this machine, which compiles for itself.
pub(crate) fn choose(wishes: &[Wish], host: u16) -> Result<JavaVersion, InvalidJavaVersion> {
    match wishes.first() {
        Some(wish) => wish.version(),
        None => Ok(JavaVersion {
            major: host,
            is_exact: false,
            asked_by: "the JDK of this machine".to_owned(),
        }),
    }
}

/// The major version in a text such as `17`, `1.8`, `17.0.9-tem`, `temurin-21.0.2+13` or `graalvm-ce-java17-22.3.0`.
pub(crate) fn major_of(text: &str) -> Option<u16> {
    text.trim().split('-').find_map(|part| {
        let part = part
            .trim_start_matches("java")
            .trim_start_matches("jdk")
            .trim_start_matches("VERSION_");
        let mut numbers = part.split(['.', '_', '+', 'u']);
        match (numbers.next()?.parse().ok()?, numbers.next()) {
            (1, Some(second)) => second.parse().ok(),
            (first, _) => Some(first),
        }
    })
}

/// What a file of the project says about the version of Java: its name and its text.
pub(crate) fn wish_of_file(name: &str, text: &str) -> Option<Wish> {
    let wanted = match name {
        ".java-version" => text.lines().map(str::trim).find(|line| !line.is_empty())?,
        ".sdkmanrc" => text.lines().find_map(|line| {
            let (key, value) = line.split_once('=')?;
            (key.trim() == "java").then(|| value.trim())
        })?,
        ".tool-versions" => text.lines().find_map(|line| {
            let mut words = line.split('#').next()?.split_whitespace();
            (words.next()? == "java").then(|| words.next()).flatten()
        })?,
        _ => return None,
    };
    Some(Wish::exact(name, wanted))
}

/// Names of the files that say which Java is wanted, in order of precedence.
pub(crate) const VERSION_FILES: [&str; 3] = [".java-version", ".sdkmanrc", ".tool-versions"];
