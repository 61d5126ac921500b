#include "terrazzo/io/s3_settings.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "support/scratch_folder.hpp"
#include "support/variables.hpp"

using namespace terrazzo;
using namespace terrazzo::io;
using terrazzo::testing::environment_of;
using terrazzo::testing::ScratchFolder;
using terrazzo::testing::Variables;

namespace {

std::string url(const Variables& variables, std::string_view bucket = "data",
                std::string_view key = "a/b.tif") {
  const S3Settings settings = s3_settings(environment_of(variables));
  return s3_address(settings, settings.region, bucket, key).url();
}

// HOME with the two files.
struct Home {
  Home(const std::string& credentials, const std::string& config) {
    std::filesystem::create_directory(folder / ".aws");
    std::ofstream{folder / ".aws/credentials"} << credentials;
    std::ofstream{folder / ".aws/config"} << config;
  }
  Environment with_home(Variables variables = {}) const {
    variables["HOME"] = folder.path();
    return environment_of(std::move(variables));
  }
  ScratchFolder folder;
};

}  // namespace

TEST_CASE("Amazon's addresses hold the bucket in the host") {
  CHECK(url({}) == "https://data.s3.us-east-1.amazonaws.com/a/b.tif");
  CHECK(url({{"AWS_REGION", "eu-central-1"}}) ==
        "https://data.s3.eu-central-1.amazonaws.com/a/b.tif");
  CHECK(url({{"AWS_DEFAULT_REGION", "cn-north-1"}}) ==
        "https://data.s3.cn-north-1.amazonaws.com.cn/a/b.tif");
  CHECK(url({}, "with.dots") == "https://s3.us-east-1.amazonaws.com/with.dots/a/b.tif");
  CHECK(url({{"AWS_VIRTUAL_HOSTING", "FALSE"}}) ==
        "https://s3.us-east-1.amazonaws.com/data/a/b.tif");
  CHECK(url({}, "data", "a b/ü+(1).tif") ==
        "https://data.s3.us-east-1.amazonaws.com/a%20b/%C3%BC%2B%281%29.tif");
}

TEST_CASE("other endpoints, as the programs that brought them up write them") {
  CHECK(url({{"AWS_S3_ENDPOINT", "127.0.0.1:9000"}, {"AWS_HTTPS", "NO"}}) ==
        "http://127.0.0.1:9000/data/a/b.tif");
  CHECK(url({{"AWS_S3_ENDPOINT", "minio.example.org"}}) ==
        "https://minio.example.org/data/a/b.tif");
  CHECK(url({{"AWS_ENDPOINT_URL", "http://one"},
             {"AWS_ENDPOINT_URL_S3", "http://two/"}}) == "http://two/data/a/b.tif");
  CHECK(url({{"AWS_ENDPOINT_URL", "https://Host:443/store"}}) ==
        "https://host/store/data/a/b.tif");
  CHECK(url({{"AWS_S3_ENDPOINT", "host"}, {"AWS_VIRTUAL_HOSTING", "TRUE"}}) ==
        "https://data.host/a/b.tif");
  CHECK(url({{"AWS_S3_ENDPOINT", "s3.eu-west-1.amazonaws.com"}}) ==
        "https://data.s3.eu-west-1.amazonaws.com/a/b.tif");
}

TEST_CASE("an endpoint or a region that cannot be one is refused") {
  for (const char* wrong : {"ftp://host", "http://", "me:pass@host", "host?x", "ho st"})
    CHECK_THROWS_WITH_AS(url({{"AWS_S3_ENDPOINT", wrong}}), doctest::Contains("endpoint"),
                         Error);
  CHECK_THROWS_WITH_AS(url({{"AWS_REGION", "evil.example/"}}),
                       doctest::Contains("no AWS region"), Error);
}

TEST_CASE("a file of profiles") {
  const auto profiles = profiles_of(
      "ignored = 1\n# a comment\n[default]\nAWS_Access_Key_Id = one \r\n"
      "[profile two]\nregion=eu-west-1\n  nested = 1\ns3 =\n; x = "
      "y\na=b=c\n[broken\nz=1");
  REQUIRE(profiles.size() == 3);
  CHECK(profiles.at("default") == Profile{{"aws_access_key_id", "one"}});
  CHECK(profiles.at("two") == Profile{{"region", "eu-west-1"}, {"s3", ""}, {"a", "b=c"}});
}

TEST_CASE("a profile is what both files say, credentials first") {
  const Home home{
      "[default]\nregion = one\n[x]\nkey = a\n",
      "[default]\nregion = two\nother = three\n[profile x]\nkey = b\nmore = c\n"};
  CHECK(s3_profile(home.with_home()) == Profile{{"region", "one"}, {"other", "three"}});
  CHECK(s3_profile(home.with_home({{"AWS_PROFILE", "x"}})) ==
        Profile{{"key", "a"}, {"more", "c"}});
  CHECK(s3_settings(home.with_home()).region == "one");
  CHECK(s3_settings(home.with_home({{"AWS_REGION", "three"}})).region == "three");
  CHECK_THROWS_WITH_AS(s3_profile(home.with_home({{"AWS_PROFILE", "none"}})),
                       doctest::Contains("no AWS profile 'none'"), Error);
  CHECK(s3_profile(environment_of({})).empty());
  CHECK(s3_profile(environment_of({{"HOME", "/nowhere"}})).empty());
  CHECK(s3_profile(environment_of(
                       {{"AWS_SHARED_CREDENTIALS_FILE", home.folder / ".aws/config"}}))
            .at("region") == "two");
}

TEST_CASE("switches take the words that GDAL takes") {
  for (const char* no : {"NO", "false", "Off", "0"})
    CHECK_FALSE(is_yes(environment_of({{"X", no}}), "X", true));
  for (const char* yes : {"YES", "true", "1", "anything"})
    CHECK(is_yes(environment_of({{"X", yes}}), "X", false));
  CHECK(is_yes(environment_of({{"X", ""}}), "X", true));
  CHECK_FALSE(is_yes(environment_of({}), "X", false));
  CHECK_FALSE(s3_settings(environment_of({{"AWS_NO_SIGN_REQUEST", "YES"}})).signs);
  CHECK(s3_settings(environment_of({{"AWS_REQUEST_PAYER", "requester"}})).requester_pays);
}
