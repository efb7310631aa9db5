//! The registry of images that an account has in a region (ECR).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::call::CallError;
use crate::connect::Cloud;
use crate::error::CloudError;

const LOG_IN: &str = "ecr:GetAuthorizationToken";

/// A login that the registry takes for half a day.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistryLogin {
    /// The registry as it stands in names of images: `123456789012.dkr.ecr.eu-west-1.amazonaws.com`; of an emulator host and port.
    pub registry: String,
    /// Who.
    pub user: String,
    /// Proves it.
    pub password: String,
}

impl fmt::Debug for RegistryLogin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RegistryLogin")
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}

impl Cloud {
    /// A login for the registry of the account.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when there is none for whoever calls, or nobody answers.
    pub async fn registry_login(&self) -> Result<RegistryLogin, CloudError> {
        self.log_in()
            .await
            .map_err(|cause| self.not_done("log in to the registry of images".to_owned(), cause))
    }

    /// Whether a repository holds images. One that is not there holds none.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when it may not be looked at or nobody answers.
    pub async fn holds_images(&self, repository: &str) -> Result<bool, CloudError> {
        let call = self.ecr.list_images().repository_name(repository).max_results(1);
        match call
            .send()
            .await
            .map_err(|error| CallError::new("ecr:ListImages", error))
        {
            Ok(page) => Ok(!page.image_ids.unwrap_or_default().is_empty()),
            Err(error) if error.is("RepositoryNotFoundException") => Ok(false),
            Err(cause) => Err(self.not_done(format!("look for images in repository {repository}"), cause)),
        }
    }

    async fn log_in(&self) -> Result<RegistryLogin, CallError> {
        let call = self.ecr.get_authorization_token().send().await;
        let answer = call.map_err(|error| CallError::new(LOG_IN, error))?;
        let given = answer.authorization_data.unwrap_or_default().into_iter().next();
        let given = given.ok_or_else(|| CallError::lacking(LOG_IN, "token"))?;
        let token = given
            .authorization_token
            .and_then(|token| String::from_utf8(STANDARD.decode(token).ok()?).ok());
        let token = token.ok_or_else(|| CallError::lacking(LOG_IN, "token in Base64"))?;
        let (user, password) = token
            .split_once(':')
            .ok_or_else(|| CallError::lacking(LOG_IN, "user in its token"))?;
        // An emulator names the registry of AWS, which it is not.
        let url = self.place.endpoint.clone().or(given.proxy_endpoint);
        let registry = url.as_deref().map(host_of).filter(|host| !host.is_empty());
        Ok(RegistryLogin {
            registry: registry
                .ok_or_else(|| CallError::lacking(LOG_IN, "address of the registry"))?
                .to_owned(),
            user: user.to_owned(),
            password: password.to_owned(),
        })
    }
}

/// Host and port of a URL.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}
