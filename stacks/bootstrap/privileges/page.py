"""The web page: a bucket with its files, and the distribution that shows them. A domain of a function URL has one too.

S3 knows names, and CloudFront tags of distributions alone.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

from collections.abc import Mapping
from typing import Final

from stacks.bootstrap.privileges.access import ALL, Access, Scope

_BUCKET: Final = "arn:aws:s3:::{own}"
"""And what is in it: a wildcard of IAM goes on behind a slash."""
_DISTRIBUTION: Final = "arn:aws:cloudfront::{account}:distribution/*"
_ACCESS_CONTROL: Final = "arn:aws:cloudfront::{account}:origin-access-control/*"
_HEADERS: Final = "arn:aws:cloudfront::{account}:response-headers-policy/*"

ROWS: Final[Mapping[str, tuple[Access, ...]]] = {
    "aws:cloudfront/distribution:Distribution": (
        Access(ALL, Scope.NEW, "cloudfront", create="CreateDistribution"),
        # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistributionWithTags.html
        Access(_DISTRIBUTION, Scope.UNTAGGED, "cloudfront", create="TagResource"),
        Access(
            _DISTRIBUTION,
            Scope.TAG,
            "cloudfront",
            read="GetDistribution ListTagsForResource",
            update="UpdateDistribution",
            # It has to be switched off before.
            delete="UpdateDistribution DeleteDistribution",
            tag="TagResource UntagResource",
        ),
        # CloudFront looks at the web ACL that a distribution is given.
        Access("arn:aws:wafv2:us-east-1:{account}:global/webacl/*", Scope.ANY, "wafv2", read="GetWebACL"),
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": (
        Access(ALL, Scope.GLOBAL, "cloudfront", create="CreateOriginAccessControl"),
        Access(
            _ACCESS_CONTROL,
            Scope.ANY,
            "cloudfront",
            read="GetOriginAccessControl",
            update="UpdateOriginAccessControl",
            delete="DeleteOriginAccessControl",
        ),
    ),
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": (
        Access(ALL, Scope.GLOBAL, "cloudfront", create="CreateResponseHeadersPolicy"),
        Access(
            _HEADERS,
            Scope.ANY,
            "cloudfront",
            read="GetResponseHeadersPolicy",
            update="UpdateResponseHeadersPolicy",
            delete="DeleteResponseHeadersPolicy",
        ),
    ),
    "aws:s3/bucket:Bucket": (
        Access(
            _BUCKET,
            Scope.NAME,
            "s3",
            create="CreateBucket",
            # The provider asks for everything that a bucket may have.
            read="ListBucket GetBucketLocation GetBucketAcl GetBucketCORS GetBucketWebsite GetBucketVersioning "
            "GetAccelerateConfiguration GetBucketRequestPayment GetBucketLogging GetLifecycleConfiguration "
            "GetReplicationConfiguration GetEncryptionConfiguration GetBucketObjectLockConfiguration GetBucketPolicy "
            "GetBucketTagging ListTagsForResource",
            # It is emptied before.
            delete="DeleteBucket ListBucketVersions DeleteObject DeleteObjectVersion",
            tag="PutBucketTagging TagResource UntagResource",
        ),
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": (
        Access(
            _BUCKET,
            Scope.NAME,
            "s3",
            create="PutObject",
            read="GetObject GetObjectTagging",
            delete="DeleteObject",
            tag="PutObjectTagging",
        ),
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": (
        Access(
            _BUCKET,
            Scope.NAME,
            "s3",
            create="PutBucketOwnershipControls",
            read="GetBucketOwnershipControls",
            delete="PutBucketOwnershipControls",
        ),
    ),
    "aws:s3/bucketPolicy:BucketPolicy": (
        Access(
            _BUCKET, Scope.NAME, "s3", create="PutBucketPolicy", read="GetBucketPolicy", delete="DeleteBucketPolicy"
        ),
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (
        Access(
            _BUCKET,
            Scope.NAME,
            "s3",
            create="PutBucketPublicAccessBlock",
            read="GetBucketPublicAccessBlock",
            delete="PutBucketPublicAccessBlock",
        ),
    ),
}
