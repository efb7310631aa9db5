//! What a process that builds again and again keeps between two builds: a bundler that has been started already.
//!
//! It is only ever a shortcut. Whatever is odd about it, the way of a single build is taken instead, which also tells
//! what is wrong with the source.

use std::sync::{Mutex, PoisonError};

use crate::javascript::{Bundle, BundleError, BundleRequest, Bundler as _, BundlerService, Esbuild};

/// Kept between builds, which may run at the same time. Its processes end with it.
#[derive(Debug, Default)]
pub struct Resident {
    bundler: Mutex<Option<BundlerService>>,
}

impl Resident {
    /// Bundles with a bundler that goes on running.
    pub(crate) fn bundle(
        &self,
        esbuild: &Esbuild,
        request: &BundleRequest<'_>,
    ) -> Result<Bundle, BundleError> {
        let mut kept = self.bundler.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.take().filter(|service| service.is_of(esbuild));
        let service = known.or_else(|| BundlerService::start(esbuild, request.folder).ok());
        if let Some(mut service) = service
            && let Ok(answer) = service.bundle(request)
        {
            *kept = Some(service);
            if let Some(bundle) = answer {
                return Ok(bundle);
            }
        }
        drop(kept);
        esbuild.bundle(request)
    }
}
