//! What a builder says of itself in its labels, and which of its buildpacks are meant.

use std::collections::BTreeMap;

use serde::Deserialize;
use tapedeck_image::Image;
use tapedeck_image::registry::Reference;

use super::BuildpacksError;
use crate::request::Subject;

/// The label that every builder has.
const METADATA: &str = "io.buildpacks.builder.metadata";

/// The forms of the interface of a lifecycle that we speak, best first: all that can write a layout and that we know.
const PLATFORM_APIS: [&str; 3] = ["0.14", "0.13", "0.12"];

/// Stands for the builder's own choice.
const FROM_BUILDER: &str = "from=builder";

/// Begins a name of a buildpack that is in the builder.
const URN: &str = "urn:cnb:builder:";

/// A buildpack in a builder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Buildpack {
    /// Such as `paketo-buildpacks/nodejs`.
    pub(crate) id: String,
    /// Such as `7.2.1`.
    #[serde(default)]
    pub(crate) version: String,
}

/// The label as far as it is needed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Labels {
    buildpacks: Vec<Buildpack>,
    stack: Stack,
    images: Vec<RunImage>,
    lifecycle: Lifecycle,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Stack {
    run_image: RunImage,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct RunImage {
    image: String,
    mirrors: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Lifecycle {
    version: String,
    apis: Apis,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Apis {
    platform: Versions,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Versions {
    deprecated: Option<Vec<String>>,
    supported: Option<Vec<String>>,
}

/// A builder that can be used.
#[derive(Debug)]
pub(super) struct Builder {
    labels: Labels,
    /// The form of the lifecycle's interface to speak.
    pub(super) platform_api: &'static str,
    /// User and group that buildpacks run as.
    pub(super) user: (u32, u32),
}

impl Builder {
    /// Reads what an image says of itself.
    pub(super) fn of(image: &Image, name: &str, subject: Subject<'_>) -> Result<Self, BuildpacksError> {
        let not_one = |lack| BuildpacksError::NoBuilder {
            service: subject.service.to_string(),
            builder: name.to_owned(),
            lack,
        };
        let text = image
            .config
            .labels
            .get(METADATA)
            .ok_or_else(|| not_one("the label `io.buildpacks.builder.metadata`"))?;
        let labels: Labels = serde_json::from_str(text)
            .map_err(|_| not_one("a label `io.buildpacks.builder.metadata` that is understood"))?;
        if labels.run_images().next().is_none() {
            return Err(not_one("the name of a run image"));
        }
        let id = |variable: &str| image.config.env.get(variable)?.parse().ok();
        let (Some(user), Some(group)) = (id("CNB_USER_ID"), id("CNB_GROUP_ID")) else {
            return Err(not_one("the variables CNB_USER_ID and CNB_GROUP_ID"));
        };
        let platform_api = labels
            .platform_api()
            .ok_or_else(|| BuildpacksError::OldLifecycle {
                service: subject.service.to_string(),
                builder: name.to_owned(),
                version: labels.lifecycle.version.clone(),
            })?;
        Ok(Self {
            labels,
            platform_api,
            user: (user, group),
        })
    }

    /// The name of the image that what is built runs on: one in the registry of the builder if there is any, which
    /// whoever pulled the builder may use.
    pub(super) fn run_image(&self, builder: &str) -> String {
        self.labels.run_image(builder)
    }

    /// The buildpacks that names mean; none for the builder's own choice.
    pub(super) fn choose(
        &self,
        names: &[String],
        builder: &str,
        subject: Subject<'_>,
    ) -> Result<Vec<Buildpack>, BuildpacksError> {
        self.labels
            .choose(names)
            .map_err(|(name, why)| BuildpacksError::Unknown {
                service: subject.service.to_string(),
                name,
                builder: builder.to_owned(),
                why,
            })
    }
}

impl Labels {
    fn run_images(&self) -> impl Iterator<Item = &RunImage> {
        let all = self.images.iter().chain([&self.stack.run_image]);
        all.filter(|run| !run.image.is_empty())
    }

    pub(crate) fn platform_api(&self) -> Option<&'static str> {
        let Versions {
            deprecated,
            supported,
        } = &self.lifecycle.apis.platform;
        let offered = supported.iter().chain(deprecated).flatten();
        let offered: Vec<&str> = offered.map(String::as_str).collect();
        PLATFORM_APIS
            .into_iter()
            .find(|version| offered.contains(version))
    }

    pub(crate) fn run_image(&self, builder: &str) -> String {
        let registry_of = |name: &str| Some(Reference::parse(name).ok()?.registry().to_owned());
        let wanted = registry_of(builder);
        let Some(run) = self.run_images().next() else {
            return String::new();
        };
        let mirrors = run.mirrors.iter().flatten();
        let mut names = [&run.image].into_iter().chain(mirrors);
        let near = names.find(|name| registry_of(name) == wanted);
        near.unwrap_or(&run.image).clone()
    }

    /// The buildpacks of these names, or a name and why it means none.
    pub(crate) fn choose(&self, names: &[String]) -> Result<Vec<Buildpack>, (String, String)> {
        if names == [FROM_BUILDER] {
            return Ok(Vec::new());
        }
        let find = |name: &String| self.find(name).map_err(|why| (name.clone(), why));
        names.iter().map(find).collect()
    }

    fn find(&self, name: &str) -> Result<Buildpack, String> {
        let plain = name.strip_prefix(URN).unwrap_or(name);
        let (id, version) = match plain.rsplit_once('@') {
            Some((id, version)) => (id, Some(version)),
            None => (plain, None),
        };
        let same: Vec<&Buildpack> = self.buildpacks.iter().filter(|own| own.id == id).collect();
        let fitting = same
            .iter()
            .filter(|own| version.is_none_or(|version| own.version == version));
        match (fitting.collect::<Vec<_>>().as_slice(), same.is_empty()) {
            ([one], _) => Ok((**one).clone()),
            ([], true) => Err(format!(
                "it has {}; buildpacks from elsewhere cannot be added",
                self.listed()
            )),
            (_, _) => Err(format!(
                "it has the versions {}: write one of them, such as {id}@{}",
                listed(same.iter().map(|own| own.version.clone())),
                same.first().map_or("1", |own| own.version.as_str()),
            )),
        }
    }

    /// The ids, each once.
    fn listed(&self) -> String {
        let ids: BTreeMap<&str, ()> = self.buildpacks.iter().map(|own| (own.id.as_str(), ())).collect();
        match ids.is_empty() {
            true => "none that it names".to_owned(),
            false => listed(ids.into_keys().map(str::to_owned)),
        }
    }
}

fn listed(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
