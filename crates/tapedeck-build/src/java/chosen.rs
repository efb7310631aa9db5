//! The base of a program in Java.

use tapedeck_image::base::BaseError;

use super::version::{self, JavaVersion};
use super::{MEMORY, Remembered, VERSION_OF_BASE};
use crate::BuildError;
use crate::base::{self, Base, BaseMismatch, RuntimeKind};
use crate::request::{Source, Workshop};

/// The base that was chosen.
pub(crate) struct Chosen {
    pub(crate) base: Base,
    /// The Java in it, if it says so.
    pub(crate) java: Option<u16>,
    /// The Java that was wanted, and the one that the distribution offers instead.
    pub(crate) offered: Option<(u16, u16)>,
}

impl Chosen {
    /// The base that was named, else one that is assembled: with the Java that is wanted, or with the next newer one that
    /// this machine's distribution has if that will do.
    pub(crate) fn find(
        source: &Source<'_>,
        version: &JavaVersion,
        workshop: &mut Workshop<'_>,
    ) -> Result<Self, BuildError> {
        if let Some(base) = base::named(RuntimeKind::Java, source.subject(), workshop)? {
            let found = base.image.config.env.get(VERSION_OF_BASE);
            let found = found.and_then(|text| version::major_of(text));
            require_same_java(source, found, version, workshop)?;
            return Ok(Self {
                base,
                java: found,
                offered: None,
            });
        }
        let wanted = version.major;
        let known = workshop
            .remembered::<Remembered>(MEMORY)
            .and_then(|remembered| remembered.offered)
            .filter(|(then, _)| *then == wanted && !version.is_exact);
        let first = known.map_or(wanted, |(_, offered)| offered);
        let java = |major| tapedeck_image::base::Runtime::Java(major);
        let error = match base::assembled(java(first), source.subject(), workshop) {
            Ok(base) => {
                return Ok(Self {
                    base,
                    java: Some(first),
                    offered: known,
                });
            }
            Err(error) => error,
        };
        let Some(newer) = newer_offer(&error, wanted).filter(|_| !version.is_exact) else {
            return Err(error);
        };
        let base = base::assembled(java(newer), source.subject(), workshop)?;
        Ok(Self {
            base,
            java: Some(newer),
            offered: Some((wanted, newer)),
        })
    }
}

/// The oldest Java after `wanted` that the distribution has, if that is what is wrong.
fn newer_offer(error: &BuildError, wanted: u16) -> Option<u16> {
    let BuildError::Base { source, .. } = error else {
        return None;
    };
    let BaseError::NotOffered { offered, .. } = source.as_ref() else {
        return None;
    };
    offered
        .split(", ")
        .filter_map(|major| major.parse().ok())
        .filter(|major| *major > wanted)
        .min()
}

fn require_same_java(
    source: &Source<'_>,
    found: Option<u16>,
    version: &JavaVersion,
    workshop: &Workshop<'_>,
) -> Result<(), BuildError> {
    let (Some(found), Some(named)) = (found, workshop.bases.get(RuntimeKind::Java)) else {
        return Ok(());
    };
    if found == version.major || (found > version.major && !version.is_exact) {
        return Ok(());
    }
    Err(BuildError::NamedBaseVersion(Box::new(BaseMismatch {
        service: source.service.to_string(),
        reference: named.reference.to_string(),
        runtime: RuntimeKind::Java,
        found: found.to_string(),
        wanted: version.major.to_string(),
        asked_by: version.asked_by.clone(),
    })))
}
