//! Why a stack has no template.

/// Why a stack has no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SynthError {
    /// An answer of AWS is needed that nobody gave.
    #[error("`{key}` is not in the lookups, and {subject} is needed for the template")]
    MissingLookup {
        /// Where it belongs in the file, such as `secrets.database`.
        key: String,
        /// What it tells, such as ``the version of the secret `database` ``.
        subject: String,
    },
    /// The type is known, but not what it becomes.
    #[error("`{name}` is a `{kind}`, or uses a part of it, that has no template yet: {what}")]
    Unsupported {
        /// The resource.
        name: String,
        /// Its type.
        kind: String,
        /// What is missing.
        what: String,
    },
    /// More than CloudFormation takes.
    #[error("the template would have {count} {what}, and CloudFormation takes {limit}{most}")]
    TooLarge {
        /// What there is too much of, such as `resources`.
        what: &'static str,
        /// How much there is.
        count: usize,
        /// How much CloudFormation takes.
        limit: usize,
        /// What most of it is, such as `; 480 of them are AWS::SQS::Queue`, or nothing.
        most: String,
    },
    /// Two things have the same logical id.
    #[error("two resources become `{logical_id}`; rename one of them")]
    DuplicateLogicalId {
        /// The id.
        logical_id: String,
    },
    /// Two workloads are called by the same name and port.
    #[error(
        "`{first}` and `{second}` would both be reached as `{address}`; give one of them another `alias`"
    )]
    DuplicateAddress {
        /// The one.
        first: String,
        /// The other.
        second: String,
        /// Name and port.
        address: String,
    },
    /// A secret within an object within a secret.
    #[error("`$Secret('{reference}')` goes deeper than AWS can; use a key of the outermost object")]
    NestedSecretKey {
        /// The reference.
        reference: String,
    },
    /// A parameter that the resource does not have.
    #[error("`{resource}` has no parameter `{parameter}`; it has {known}")]
    UnknownParameter {
        /// The resource.
        resource: String,
        /// What was asked for.
        parameter: String,
        /// What it has.
        known: String,
    },
    /// A resource that is not there.
    #[error("there is no resource `{name}`")]
    UnknownResource {
        /// Its name.
        name: String,
    },
    /// An attribute that the type does not have.
    #[error("`{logical_id}` is an {kind}, which has no attribute `{attribute}`; it has {known}")]
    UnknownAttribute {
        /// The resource of the template.
        logical_id: String,
        /// Its type.
        kind: String,
        /// What was asked for.
        attribute: String,
        /// What the type has.
        known: String,
    },
    /// An encrypted parameter within a text.
    #[error(
        "`{name}` is an encrypted parameter, which AWS cannot put into a longer text; use it as the whole value of a variable"
    )]
    SecureParameterInText {
        /// The parameter or the text it stands in.
        name: String,
    },
    /// An encrypted parameter as a variable of a function.
    #[error(
        "`{name}` would be an encrypted parameter, which Lambda hands over to no function; read it in the code, with `ssm:GetParameter` in `iamRoleStatements`, or use a secret"
    )]
    SecureParameterOfFunction {
        /// The variable.
        name: String,
    },
    /// A variable that is made of something that is not on this machine.
    #[error(
        "the variable {variable} of service {service} is made of `{reference}`, which nothing on this machine tells"
    )]
    NothingHere {
        /// The service.
        service: String,
        /// The variable.
        variable: String,
        /// What it is made of.
        reference: String,
    },
    /// An override of something that the resource does not become.
    #[error("`{resource}` does not become `{logical_id}`, so that cannot be overridden")]
    UnknownOverride {
        /// The resource.
        resource: String,
        /// The logical id.
        logical_id: String,
    },
}

/// What to do about types that have no template: those that something here can stand in for.
const INSTEAD: [(&str, &str); 6] = [
    (
        "web-service",
        "make it a `worker-service` and write its load balancer under `cloudformationResources`, or leave it out",
    ),
    (
        "http-api-gateway",
        "write an `AWS::ApiGatewayV2::Api` under `cloudformationResources`, or leave it out",
    ),
    (
        "application-load-balancer",
        "write an `AWS::ElasticLoadBalancingV2::LoadBalancer` under `cloudformationResources`, or leave it out",
    ),
    (
        "network-load-balancer",
        "write an `AWS::ElasticLoadBalancingV2::LoadBalancer` under `cloudformationResources`, or leave it out",
    ),
    (
        "hosting-bucket",
        "make it a `bucket` with `cdn: { enabled: true }`, and put the files into it once the stack is there",
    ),
    (
        "upstash-kafka-topic",
        "Upstash makes no topics any more: use a `kinesis-stream` or an `sqs-queue`, or leave it out",
    ),
];

impl SynthError {
    /// The error of a type that has no template.
    pub(crate) fn of_type(name: &str, kind: &str) -> Self {
        Self::Unsupported {
            name: name.to_string(),
            kind: kind.to_string(),
            what: "the whole type".to_string(),
        }
    }

    /// What to do next, where the error alone does not tell.
    #[must_use]
    pub fn way_out(&self) -> Option<&'static str> {
        let (kind, what) = match self {
            Self::Unsupported { kind, what, .. } => (kind, what),
            Self::NothingHere { .. } => {
                return Some("leave it out on this machine, or write the value itself");
            }
            Self::TooLarge { .. } => {
                return Some("split the stack: what is in another one is reached by `$CfStackOutput`");
            }
            _ => return None,
        };
        let instead = INSTEAD.iter().find(|(known, _)| known == kind);
        match instead.filter(|_| what == "the whole type") {
            Some((_, way)) => Some(way),
            None => Some("leave it out, or write it under `cloudformationResources`"),
        }
    }
}
