//! Objects are stored, and buckets emptied.

use serde_json::json;
use tapedeck_cloud::CloudError;

use crate::world::{template, world};

const COUNT: &str = "
import botocore.session
s3 = botocore.session.get_session().create_client('s3')
found = s3.list_object_versions(Bucket='orders-of-the-shop')
print(len(found.get('Versions', [])), len(found.get('DeleteMarkers', [])))";

const DELETE: &str = "
import botocore.session
s3 = botocore.session.get_session().create_client('s3')
s3.delete_object(Bucket='orders-of-the-shop', Key='one')";

#[tokio::test]
async fn a_bucket_is_emptied_of_all_versions() {
    let Some(world) = world().await else { return };
    let bucket = json!({
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "BucketName": "orders-of-the-shop",
            "VersioningConfiguration": { "Status": "Enabled" },
        },
    });
    world
        .deploy(&template(&json!({ "Bucket": bucket })))
        .await
        .unwrap();
    for (key, bytes) in [("one", "1"), ("one", "2"), ("a folder/two", "3")] {
        let put = world.cloud.put_object("orders-of-the-shop", key, bytes.into());
        put.await.unwrap();
    }
    let _ = world.emulator.botocore(DELETE, &[]);
    assert_eq!(world.emulator.botocore(COUNT, &[]).trim(), "3 1");
    assert_eq!(world.cloud.empty_bucket("orders-of-the-shop").await.unwrap(), 4);
    assert_eq!(world.emulator.botocore(COUNT, &[]).trim(), "0 0");
    assert_eq!(world.cloud.empty_bucket("there-is-none").await.unwrap(), 0);
}

#[tokio::test]
async fn without_a_bucket_nothing_is_stored() {
    let Some(world) = world().await else { return };
    let put = world.cloud.put_object("there-is-none", "one", Vec::new());
    let error = put.await.unwrap_err();
    let CloudError::PutObject { cause, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(
        error.to_string(),
        format!(
            "could not store one in bucket there-is-none in {}",
            world.cloud.place()
        )
    );
    assert!(cause.to_string().contains("NoSuchBucket"), "{cause}");
}

#[tokio::test]
async fn an_object_is_missing_until_it_is_stored_and_old_ones_are_pruned() {
    let Some(world) = world().await else { return };
    let cloud = &world.cloud;
    let account = cloud.account().await.unwrap();
    let lacks = async |key: &str| {
        cloud
            .lacks_object("code-of-functions", &account, key)
            .await
            .unwrap()
    };
    let keys = ["shop/resize/1.zip", "shop/resize/2.zip", "other/resize/1.zip"];
    for key in keys {
        assert!(lacks(key).await);
        cloud
            .put_object("code-of-functions", key, key.into())
            .await
            .unwrap();
        assert!(!lacks(key).await);
    }
    let kept = [keys[1].to_owned()];
    cloud
        .prune_objects("code-of-functions", "shop/", &kept)
        .await
        .unwrap();
    assert!(lacks(keys[0]).await);
    assert!(!lacks(keys[1]).await && !lacks(keys[2]).await);
    cloud.prune_objects("there-is-none", "", &[]).await.unwrap();
}
