"""`bucket`: `s3:ListBucket` and `s3:GetBucket*` on it; `s3:*Object*`, `s3:Abort*` and `s3:*MultipartUpload*` on what is in it."""

from .words import ALLOWED, Call, Differs, Target

B = {"Bucket": "$name"}
K = {**B, "Key": "a"}
TAGS = {"TagSet": [{"Key": "a", "Value": "b"}]}
OWNER = {"ID": "0" * 64}
RULE = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}}
EVERYBODY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*",'
    '"Resource":["arn:aws:s3:::${name}","arn:aws:s3:::${name}/*"]}]}'
)

GRANTED = [
    # On the bucket.
    Call("head_bucket", B, denied="403"),
    Call("list_objects", B),
    Call("list_objects_v2", B),
    Call("get_bucket_acl", B),
    Call("get_bucket_cors", B, gives="NoSuchCORSConfiguration"),
    Call("get_bucket_location", B),
    Call("get_bucket_logging", B),
    Call("get_bucket_notification_configuration", B),
    Call("get_bucket_ownership_controls", B),
    Call("get_bucket_policy", B, gives="NoSuchBucketPolicy"),
    Call(
        "get_bucket_policy_status",
        B,
        gives="NoSuchBucketPolicy",
        differs=Differs("ministack tells the status of no policy", allowed=ALLOWED),
    ),
    Call("get_bucket_request_payment", B),
    Call(
        "get_bucket_tagging",
        B,
        differs=Differs("what is in a stack on this machine has no tags of that stack", allowed="NoSuchTagSet"),
    ),
    Call("get_bucket_versioning", B),
    Call("get_bucket_website", B, gives="NoSuchWebsiteConfiguration"),
    Call("get_object_lock_configuration", B, gives="ObjectLockConfigurationNotFoundError"),
    Call("get_public_access_block", B),
    # On an object.
    Call("put_object", {**K, "Body": b"a"}, keep={"version": "VersionId", "etag": "ETag"}),
    Call("put_object", {**K, "Body": b"b", "Tagging": "a=b"}, label="with tags"),
    Call("put_object", {"Bucket": "$name", "Key": "deep/er/$run", "Body": b"c"}, label="in a folder"),
    Call("head_object", K, denied="403"),
    Call("get_object", K),
    Call("get_object", {**K, "Range": "bytes=0-0"}, label="a range"),
    Call("get_object", {**K, "VersionId": "$version"}, label="a version"),
    Call("head_object", {**K, "VersionId": "$version"}, label="a version", denied="403"),
    Call("get_object_attributes", {**K, "ObjectAttributes": ["ETag", "ObjectSize"]}),
    Call("get_object_acl", K),
    Call("get_object_tagging", K),
    Call("put_object_tagging", {**K, "Tagging": TAGS}),
    Call("delete_object_tagging", K),
    Call("copy_object", {"Bucket": "$name", "Key": "b", "CopySource": {"Bucket": "$name", "Key": "a"}}),
    # Parts.
    Call("create_multipart_upload", {**K, "Key": "big"}, keep={"upload": "UploadId"}),
    Call(
        "upload_part",
        {**K, "Key": "big", "UploadId": "$upload", "PartNumber": 1, "Body": b"part"},
        keep={"part": "ETag"},
    ),
    Call("list_parts", {**K, "Key": "big", "UploadId": "$upload"}),
    Call(
        "complete_multipart_upload",
        {
            **K,
            "Key": "big",
            "UploadId": "$upload",
            "MultipartUpload": {"Parts": [{"ETag": "$part", "PartNumber": 1}]},
        },
    ),
    Call("create_multipart_upload", {**K, "Key": "copied"}, keep={"upload": "UploadId"}, label="again"),
    Call(
        "upload_part_copy",
        {
            **K,
            "Key": "copied",
            "UploadId": "$upload",
            "PartNumber": 1,
            "CopySource": {"Bucket": "$name", "Key": "a"},
        },
    ),
    Call("abort_multipart_upload", {**K, "Key": "copied", "UploadId": "$upload"}),
    Call(
        "restore_object",
        {**K, "RestoreRequest": {"Days": 1}},
        gives="InvalidObjectState",
        differs=Differs("ministack answers as for Intelligent-Tiering", allowed="ObjectAlreadyInActiveTierError"),
    ),
    Call("get_object_retention", K, gives="InvalidRequest"),
    Call("get_object_legal_hold", K, gives="InvalidRequest"),
    Call("delete_object", {**K, "VersionId": "$version"}, label="a version"),
    Call("delete_object", K),
    Call("delete_objects", {**B, "Delete": {"Objects": [{"Key": "b"}, {"Key": "big"}]}}),
    Call("get_object", K, gives="NoSuchKey", label="that is gone"),
]

REFUSED = [
    # Reading what is not named GetBucket….
    Call("list_object_versions", B),
    Call("list_multipart_uploads", B),
    Call("get_bucket_accelerate_configuration", B),
    Call("get_bucket_analytics_configuration", {**B, "Id": "a"}),
    Call("get_bucket_encryption", B),
    Call("get_bucket_intelligent_tiering_configuration", {**B, "Id": "a"}),
    Call("get_bucket_inventory_configuration", {**B, "Id": "a"}),
    Call("get_bucket_lifecycle_configuration", B),
    Call("get_bucket_metrics_configuration", {**B, "Id": "a"}),
    Call("get_bucket_replication", B),
    # Changing the bucket.
    Call("put_bucket_accelerate_configuration", {**B, "AccelerateConfiguration": {"Status": "Suspended"}}),
    Call("put_bucket_acl", {**B, "ACL": "public-read-write"}),
    Call(
        "put_bucket_cors",
        {
            **B,
            "CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]},
        },
    ),
    Call("delete_bucket_cors", B),
    Call(
        "put_bucket_encryption",
        {
            **B,
            "ServerSideEncryptionConfiguration": {
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        },
    ),
    Call("delete_bucket_encryption", B),
    Call(
        "put_bucket_lifecycle_configuration",
        {**B, "LifecycleConfiguration": {"Rules": [{**RULE, "Expiration": {"Days": 1}}]}},
    ),
    Call("delete_bucket_lifecycle", B),
    Call("put_bucket_logging", {**B, "BucketLoggingStatus": {}}),
    Call("put_bucket_notification_configuration", {**B, "NotificationConfiguration": {}}),
    Call(
        "put_bucket_ownership_controls",
        {**B, "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}},
    ),
    Call("delete_bucket_ownership_controls", B),
    Call("put_bucket_policy", {**B, "Policy": EVERYBODY}),
    Call("delete_bucket_policy", B),
    Call(
        "put_bucket_replication",
        {
            **B,
            "ReplicationConfiguration": {
                "Role": "arn:aws:iam::000000000000:role/a",
                "Rules": [{"Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::$name"}}],
            },
        },
    ),
    Call("delete_bucket_replication", B),
    Call("put_bucket_request_payment", {**B, "RequestPaymentConfiguration": {"Payer": "Requester"}}),
    Call("put_bucket_tagging", {**B, "Tagging": TAGS}),
    Call("delete_bucket_tagging", B),
    Call("put_bucket_versioning", {**B, "VersioningConfiguration": {"Status": "Suspended"}}),
    Call("put_bucket_website", {**B, "WebsiteConfiguration": {"IndexDocument": {"Suffix": "i"}}}),
    Call("delete_bucket_website", B),
    # `s3:PutBucketObjectLockConfiguration` has `Object` in its name, and is about the bucket.
    Call("put_object_lock_configuration", {**B, "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}),
    Call("put_public_access_block", {**B, "PublicAccessBlockConfiguration": {"BlockPublicAcls": False}}),
    Call("delete_public_access_block", B),
    Call("delete_bucket", B),
    # From and to somebody else's.
    Call(
        "copy_object",
        {"Bucket": "$name", "Key": "b", "CopySource": {"Bucket": "$twinPhotos_name", "Key": "a"}},
        label="from another bucket",
    ),
    Call(
        "copy_object",
        {"Bucket": "$twinPhotos_name", "Key": "b", "CopySource": {"Bucket": "$name", "Key": "a"}},
        label="to another bucket",
    ),
]

TARGETS = [Target("s3", "photos", "twinPhotos", GRANTED, REFUSED)]
