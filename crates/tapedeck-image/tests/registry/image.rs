//! Small images, and pushing them: what a tool like `docker push` does.

use std::io::Write;

use serde_json::json;
use tapedeck_image::{Digest, Platform};
use ureq::http::{StatusCode, header};

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// An image in memory.
pub(crate) struct TestImage {
    pub(crate) manifest: Vec<u8>,
    pub(crate) config: Vec<u8>,
    pub(crate) layers: Vec<Vec<u8>>,
}

impl TestImage {
    /// Two layers, in Docker's words as `docker push` writes them: a system and a Node.
    pub(crate) fn new(platform: &str, word: &str) -> Self {
        let (system, system_id) = layer(&[("etc/", ""), ("etc/os-release", "NAME=Test"), ("etc/old", "x")]);
        let node = format!("#!/bin/sh\necho {word}\n");
        let (node, node_id) = layer(&[("usr/local/bin/node", &node), ("etc/.wh.old", "")]);
        let config = json!({
            "architecture": platform, "os": "linux", "docker_version": "20.10", "history": null,
            "config": {
                "Env": ["PATH=/usr/local/bin:/usr/bin", "NODE_VERSION=22.1.0"],
                "Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["node"], "OnBuild": null, "User": "",
            },
            "rootfs": { "type": "layers", "diff_ids": [system_id.to_string(), node_id.to_string()] },
        });
        let config = config.to_string().into_bytes();
        let layers = vec![system, node];
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

    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&self.manifest)
    }
}

fn descriptor(media_type: &str, content: &[u8]) -> serde_json::Value {
    json!({ "mediaType": media_type, "digest": Digest::of(content).to_string(), "size": content.len() })
}

/// A gzip layer and its diff id.
pub(crate) fn layer(files: &[(&str, &str)]) -> (Vec<u8>, Digest) {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        header.set_uid(0);
        header.set_gid(0);
        if path.ends_with('/') {
            header.set_entry_type(tar::EntryType::Directory);
        }
        builder
            .append_data(&mut header, path, content.as_bytes())
            .unwrap();
    }
    let plain = builder.into_inner().unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).unwrap();
    (gzip.finish().unwrap(), Digest::of(&plain))
}

/// Where to push to, and as whom.
pub(crate) struct Pusher<'a> {
    pub(crate) host: &'a str,
    pub(crate) name: &'a str,
    pub(crate) authorization: Option<String>,
}

impl Pusher<'_> {
    /// Pushes an image under a tag.
    pub(crate) fn image(&self, image: &TestImage, tag: &str) {
        for blob in image.layers.iter().chain([&image.config]) {
            self.blob(blob);
        }
        self.manifest(&image.manifest, DOCKER_MANIFEST, tag);
    }

    /// Pushes one image for this machine and one for others, with an index.
    pub(crate) fn index(&self, own: &TestImage, other: &TestImage, tag: &str) -> Digest {
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
        let response = request.send_empty().unwrap();
        let location = response.headers()[header::LOCATION].to_str().unwrap().to_owned();
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
            request.send(content).unwrap().status(),
            StatusCode::CREATED,
            "{target}"
        );
    }
}
