//! Small images, and pushing them: what a tool like `docker push` does.

use std::io::Write;

use serde_json::json;
use tapedeck_image::{Digest, Platform};
use ureq::http::{StatusCode, header};

/// The type of a manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The type of an index.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// An image in memory.
#[derive(Debug, Clone)]
pub struct TestImage {
    /// Its manifest.
    pub manifest: Vec<u8>,
    /// Its configuration.
    pub config: Vec<u8>,
    /// Its layers, bottom first.
    pub layers: Vec<Vec<u8>>,
}

impl TestImage {
    /// One of this layer, with its diff id, that is started by `command`.
    #[must_use]
    pub fn of_layer(platform: &str, (layer, diff_id): (Vec<u8>, Digest), command: &[&str]) -> Self {
        let config = json!({
            "architecture": platform, "os": "linux", "history": [{ "created_by": "tests" }],
            "config": { "Env": ["PATH=/bin"], "Cmd": command },
            "rootfs": { "type": "layers", "diff_ids": [diff_id.to_string()] },
        });
        Self::described(config.to_string().into_bytes(), vec![layer])
    }

    /// Two layers, in Docker's words as `docker push` writes them: a system and a Node.
    #[must_use]
    pub fn new(platform: &str, word: &str) -> Self {
        let (system, system_id) = layer(&[("etc/", ""), ("etc/os-release", "NAME=Test"), ("etc/old", "x")]);
        let node = format!("#!/bin/sh\necho {word}\n");
        let (node, node_id) = layer(&[("usr/local/bin/node", node.as_str()), ("etc/.wh.old", "")]);
        let config = json!({
            "architecture": platform, "os": "linux", "docker_version": "20.10", "history": null,
            "config": {
                "Env": ["PATH=/usr/local/bin:/usr/bin", "NODE_VERSION=22.1.0"],
                "Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["node"], "OnBuild": null, "User": "",
            },
            "rootfs": { "type": "layers", "diff_ids": [system_id.to_string(), node_id.to_string()] },
        });
        Self::described(config.to_string().into_bytes(), vec![system, node])
    }

    /// One of these layers, bottom first, with their diff ids, and of this configuration: what is below `config` in that
    /// of an image.
    #[must_use]
    pub fn of_layers(layers: Vec<(Vec<u8>, Digest)>, config: &serde_json::Value) -> Self {
        let diff_ids: Vec<String> = layers.iter().map(|(_, diff_id)| diff_id.to_string()).collect();
        let config = json!({
            "architecture": Platform::host().as_str(), "os": "linux", "config": config,
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        });
        let layers = layers.into_iter().map(|(layer, _)| layer).collect();
        Self::described(config.to_string().into_bytes(), layers)
    }

    fn described(config: Vec<u8>, layers: Vec<Vec<u8>>) -> Self {
        let described: Vec<_> = layers
            .iter()
            .map(|layer| descriptor(DOCKER_LAYER, layer))
            .collect();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": DOCKER_MANIFEST,
            "config": descriptor(DOCKER_CONFIG, &config), "layers": described,
        });
        Self {
            manifest: manifest.to_string().into_bytes(),
            config,
            layers,
        }
    }

    /// Of the manifest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.manifest)
    }
}

fn descriptor(media_type: &str, content: &[u8]) -> serde_json::Value {
    json!({ "mediaType": media_type, "digest": Digest::of(content).to_string(), "size": content.len() })
}

/// A gzip layer and its diff id. Everybody may read and execute what is in it.
///
/// # Panics
/// When a path is none.
#[must_use]
pub fn layer<Content: AsRef<[u8]>>(files: &[(&str, Content)]) -> (Vec<u8>, Digest) {
    let files: Vec<(&str, u32, &[u8])> = files
        .iter()
        .map(|(path, content)| (*path, 0o755, content.as_ref()))
        .collect();
    layer_of(&files)
}

/// The same with the mode of each file.
///
/// # Panics
/// When a path is none.
#[must_use]
pub fn layer_of(files: &[(&str, u32, &[u8])]) -> (Vec<u8>, Digest) {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, mode, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(*mode);
        header.set_uid(0);
        header.set_gid(0);
        if path.ends_with('/') {
            header.set_entry_type(tar::EntryType::Directory);
        }
        builder
            .append_data(&mut header, path, *content)
            .expect("an archive in memory can be written");
    }
    let plain = builder.into_inner().expect("an archive in memory can be written");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).expect("memory can be written");
    let packed = gzip.finish().expect("memory can be written");
    (packed, Digest::of(&plain))
}

/// Where to push to, and as whom.
#[derive(Debug)]
pub struct Pusher<'a> {
    /// Host and port of the registry.
    pub host: &'a str,
    /// Name of the repository.
    pub name: &'a str,
    /// The header of that name.
    pub authorization: Option<String>,
}

impl Pusher<'_> {
    /// Pushes an image under a tag.
    ///
    /// # Panics
    /// When the registry refuses.
    pub fn image(&self, image: &TestImage, tag: &str) {
        for blob in image.layers.iter().chain([&image.config]) {
            self.blob(blob);
        }
        self.manifest(&image.manifest, DOCKER_MANIFEST, tag);
    }

    /// Pushes one image for this machine and one for others, with an index.
    ///
    /// # Panics
    /// When the registry refuses.
    pub fn index(&self, own: &TestImage, other: &TestImage, tag: &str) -> Digest {
        let host = Platform::host();
        let foreign = match host {
            Platform::Amd64 => Platform::Arm64,
            Platform::Arm64 => Platform::Amd64,
        };
        let listed: Vec<_> = [(other, foreign), (own, host)]
            .into_iter()
            .map(|(image, platform)| {
                self.image(image, &format!("only-{}", platform.as_str()));
                let mut listed = descriptor(DOCKER_MANIFEST, &image.manifest);
                listed["platform"] = json!({ "os": "linux", "architecture": platform.as_str() });
                listed
            })
            .collect();
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": listed });
        let index = index.to_string().into_bytes();
        self.manifest(&index, INDEX, tag);
        Digest::of(&index)
    }

    fn blob(&self, content: &[u8]) {
        let start = format!("http://{}/v2/{}/blobs/uploads/", self.host, self.name);
        let mut request = ureq::post(start);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let response = request.send_empty().expect("the registry answers");
        let location = response.headers()[header::LOCATION]
            .to_str()
            .expect("addresses are ASCII")
            .to_owned();
        let join = if location.contains('?') { '&' } else { '?' };
        let target = format!("{location}{join}digest={}", Digest::of(content));
        self.put(&target, "application/octet-stream", content);
    }

    fn manifest(&self, content: &[u8], media_type: &str, tag: &str) {
        let target = format!("http://{}/v2/{}/manifests/{tag}", self.host, self.name);
        self.put(&target, media_type, content);
    }

    fn put(&self, target: &str, media_type: &str, content: &[u8]) {
        let mut request = ureq::put(target).header(header::CONTENT_TYPE, media_type);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        assert_eq!(
            request.send(content).expect("the registry answers").status(),
            StatusCode::CREATED,
            "{target}"
        );
    }
}
