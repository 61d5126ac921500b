#include "terrazzo/io/s3_credentials.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "support/loopback_server.hpp"
#include "support/scratch_folder.hpp"
#include "support/thrown.hpp"
#include "support/variables.hpp"

using namespace terrazzo;
using namespace terrazzo::io;
using terrazzo::testing::environment_of;
using terrazzo::testing::error_of;
using terrazzo::testing::LoopbackServer;
using terrazzo::testing::ScratchFolder;
using terrazzo::testing::ScriptedAnswer;
using terrazzo::testing::SeenRequest;
using terrazzo::testing::Variables;

namespace {

Environment with(Variables variables) {
  variables.emplace("AWS_EC2_METADATA_DISABLED", "true");
  return environment_of(std::move(variables));
}

FoundCredentials found(Variables variables) {
  HttpClient client{{.first_pause = std::chrono::milliseconds{1}}};
  return find_credentials(with(std::move(variables)), "eu-central-1", client, client, {});
}

std::string json(std::string_view id, Time expires) {
  return fmt::format(
      R"({{"Code":"Success","AccessKeyId":"{}","SecretAccessKey":"hush","Token":"tok",)"
      R"("Expiration":"{}"}})",
      id, iso_text(expires));
}

std::string written(const ScratchFolder& folder, const std::string& text) {
  std::ofstream{folder / "file"} << text;
  return folder / "file";
}

const Time far_away = time_from_iso("2100-01-01T00:00:00Z");

}  // namespace

TEST_CASE("credentials of the environment") {
  const auto from = found({{"AWS_ACCESS_KEY_ID", "id"},
                           {"AWS_SECRET_ACCESS_KEY", "hush"},
                           {"AWS_SESSION_TOKEN", "tok"}});
  CHECK(from.credentials.key_id == "id");
  CHECK(from.credentials.secret == "hush");
  CHECK(from.credentials.token == "tok");
  CHECK(!from.expires);
}

TEST_CASE("credentials of a profile") {
  const ScratchFolder folder;
  const std::string file =
      written(folder,
              "[default]\naws_access_key_id=id\naws_secret_access_key=hush\n"
              "[role]\nrole_arn=arn:x\nsso_session=corp\n");
  CHECK(found({{"AWS_SHARED_CREDENTIALS_FILE", file}}).credentials.key_id == "id");
  const Error error = error_of(
      [&] { found({{"AWS_SHARED_CREDENTIALS_FILE", file}, {"AWS_PROFILE", "role"}}); });
  CHECK(error.kind() == ErrorKind::unsupported);
  CHECK(error.message().find("by sso_session") != std::string::npos);
}

TEST_CASE("a profile takes its role by the keys of another") {
  const ScratchFolder folder;
  const std::string file = written(
      folder,
      "[base]\naws_access_key_id=id\naws_secret_access_key=hush\naws_session_token=old\n"
      "[role]\nrole_arn=arn:aws:iam::1:role/r\nsource_profile=base\nexternal_id=a b\n"
      "[keyless]\nrole_arn=arn:x\nsource_profile=role\n"
      "[lost]\nrole_arn=arn:x\nsource_profile=nobody\n");
  const LoopbackServer server{[](const SeenRequest&) {
    return ScriptedAnswer{
        .body =
            "<R><Credentials><AccessKeyId>taken</AccessKeyId>"
            "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
            "<Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></R>"};
  }};
  const auto in = [&](const char* name) {
    return found({{"AWS_SHARED_CREDENTIALS_FILE", file},
                  {"AWS_PROFILE", name},
                  {"AWS_ENDPOINT_URL_STS", server.url("")}});
  };
  const auto from = in("role");
  CHECK(from.credentials.key_id == "taken");
  CHECK(from.expires == far_away);
  const SeenRequest seen = server.seen().at(0);
  CHECK(seen.body ==
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr"
        "&RoleSessionName=terrazzo&ExternalId=a%20b");
  CHECK(seen.header("x-amz-security-token") == "old");
  CHECK(seen.header("authorization").starts_with("AWS4-HMAC-SHA256 Credential=id/"));
  CHECK(seen.header("authorization").find("/eu-central-1/sts/aws4_request") !=
        std::string::npos);
  CHECK(error_of([&] { in("keyless"); }).kind() == ErrorKind::unsupported);
  CHECK(error_of([&] { in("lost"); }).kind() == ErrorKind::denied);
  CHECK(server.seen().size() == 1);
}

TEST_CASE("a profile takes its role in the name of a place or of a web identity") {
  const ScratchFolder folder;
  const std::string token = folder / "token";
  std::ofstream{token} << "to/ken\n";
  const std::string file =
      written(folder,
              "[variables]\nrole_arn=arn:x\ncredential_source=Environment\n"
              "[container]\nrole_arn=arn:x\ncredential_source=EcsContainer\n"
              "[elsewhere]\nrole_arn=arn:x\ncredential_source=Moon\n"
              "[web]\nrole_arn=arn:x\nrole_session_name=me\nweb_identity_token_file=" +
                  token + "\n");
  const LoopbackServer server{[](const SeenRequest& request) {
    if (request.target == "/container")
      return ScriptedAnswer{.body = json("box", far_away)};
    return ScriptedAnswer{
        .body =
            "<R><AccessKeyId>taken</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
            "</R>"};
  }};
  const auto in = [&](const char* name, Variables more = {}) {
    more.merge(Variables{{"AWS_SHARED_CREDENTIALS_FILE", file},
                         {"AWS_PROFILE", name},
                         {"AWS_ENDPOINT_URL_STS", server.url("")}});
    const std::size_t before = server.seen().size();
    CHECK(found(std::move(more)).credentials.key_id == "taken");
    REQUIRE(server.seen().size() > before);
    return server.seen().back();
  };
  // The environment's own keys come before any profile: only half of them is not enough.
  CHECK(error_of([&] { in("variables"); }).kind() == ErrorKind::denied);
  const SeenRequest container =
      in("container", {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url("/container")}});
  CHECK(
      container.header("authorization").starts_with("AWS4-HMAC-SHA256 Credential=box/"));
  CHECK(in("web").body ==
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Ax"
        "&RoleSessionName=me&WebIdentityToken=to%2Fken");
  const Error error = error_of([&] { in("elsewhere"); });
  CHECK(error.kind() == ErrorKind::unsupported);
  CHECK(error.message().find("'Moon'") != std::string::npos);
}

TEST_CASE("no credentials anywhere are denied, and the message helps") {
  const Error error = error_of([] { found({}); });
  CHECK(error.kind() == ErrorKind::denied);
  CHECK(error.message().find("AWS_NO_SIGN_REQUEST") != std::string::npos);
}

TEST_CASE("credentials of a container") {
  const ScratchFolder folder;
  const LoopbackServer server{
      [](const SeenRequest&) { return ScriptedAnswer{.body = json("box", far_away)}; }};
  const auto from =
      found({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url("/creds?x=1")},
             {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", written(folder, "let me in\n")}});
  CHECK(from.credentials.key_id == "box");
  CHECK(from.credentials.token == "tok");
  CHECK(from.expires == far_away);
  CHECK(server.seen().at(0).target == "/creds?x=1");
  CHECK(server.seen().at(0).header("authorization") == "let me in");
}

TEST_CASE("a container's credentials are not asked of strangers in the clear") {
  for (const char* url : {"http://example.org/", "http://127.0.0.1.example.org/",
                          "http://127.0.0.1:80@example.org/", "ftp://127.0.0.1/"}) {
    CAPTURE(url);
    const Error error =
        error_of([&] { found({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}}); });
    CHECK(error.kind() == ErrorKind::denied);
    CHECK(error.message().find("FULL_URI") != std::string::npos);
  }
}

TEST_CASE("credentials of a web identity") {
  const ScratchFolder folder;
  const LoopbackServer server{[](const SeenRequest&) {
    return ScriptedAnswer{
        .body =
            "<R><Credentials><AccessKeyId>web</AccessKeyId>"
            "<SecretAccessKey>hush&amp;</SecretAccessKey><SessionToken>tok</SessionToken>"
            "<Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></R>"};
  }};
  const auto from = found({{"AWS_WEB_IDENTITY_TOKEN_FILE", written(folder, "to/ken\n")},
                           {"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"},
                           {"AWS_ENDPOINT_URL_STS", server.url("")}});
  CHECK(from.credentials.key_id == "web");
  CHECK(from.credentials.secret == "hush&");
  CHECK(from.expires == far_away);
  const SeenRequest seen = server.seen().at(0);
  CHECK(seen.method == "POST");
  CHECK(seen.target == "/");
  CHECK(seen.body ==
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
        "&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=terrazzo"
        "&WebIdentityToken=to%2Fken");
}

TEST_CASE("credentials of the machine, by the second version of its service") {
  const LoopbackServer server{[](const SeenRequest& request) -> ScriptedAnswer {
    if (request.target == "/latest/api/token")
      return {.status = request.method == "PUT" ? 200 : 405, .body = "metatoken"};
    if (request.header("x-aws-ec2-metadata-token") != "metatoken") return {.status = 401};
    if (request.target == "/latest/meta-data/iam/security-credentials/")
      return {.body = "a role\n"};
    if (request.target == "/latest/meta-data/iam/security-credentials/a%20role")
      return {.body = json("machine", far_away)};
    return {.status = 404};
  }};
  const auto from = found({{"AWS_EC2_METADATA_DISABLED", "false"},
                           {"AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url("/")}});
  CHECK(from.credentials.key_id == "machine");
  CHECK(server.seen().at(0).header("x-aws-ec2-metadata-token-ttl-seconds") == "21600");
}

TEST_CASE("a service that refuses or speaks nonsense gives no credentials, nor secrets") {
  for (const ScriptedAnswer& answer :
       {ScriptedAnswer{.status = 403, .body = "<Code>Hush</Code>"},
        ScriptedAnswer{.body = "hush"}, ScriptedAnswer{.body = R"(["hush"])"},
        ScriptedAnswer{.body = R"({"AccessKeyId":"hush","SecretAccessKey":7})"}}) {
    const LoopbackServer server{[&](const SeenRequest&) { return answer; }};
    const Error error = error_of(
        [&] { found({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url("/")}}); });
    CHECK(error.kind() == ErrorKind::denied);
    CHECK(std::string{error.what()}.find("hush") == std::string::npos);
  }
}

TEST_CASE("credentials are kept, and renewed before they expire") {
  std::atomic<int> asked{0};
  std::atomic<bool> lasting{false};
  std::atomic<bool> broken{false};
  const LoopbackServer server{[&](const SeenRequest&) {
    const std::string id = fmt::format("id{}", ++asked);
    return broken ? ScriptedAnswer{.status = 403}
                  : ScriptedAnswer{
                        .body = json(
                            id, lasting ? far_away : now() + std::chrono::minutes{2})};
  }};
  HttpClient client;
  CredentialSource source{with({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url("/")}}),
                          "eu-central-1", client};
  CHECK(source.get({}).key_id == "id1");  // good for two minutes more
  broken = true;
  CHECK(source.get({}).key_id == "id1");  // it failed, but these are good still
  CHECK(asked == 2);
  CHECK(source.get({}).key_id == "id1");
  CHECK(asked == 2);  // the failure is remembered

  broken = false;
  lasting = true;
  CredentialSource other{with({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url("/")}}),
                         "eu-central-1", client};
  CHECK(other.get({}).key_id == "id3");
  CHECK(other.get({}).key_id == "id3");
  CHECK(other.renew());
  CHECK(other.get({}).key_id == "id4");
}

TEST_CASE("credentials that never expire cannot be renewed") {
  HttpClient client;
  CredentialSource source{
      with({{"AWS_ACCESS_KEY_ID", "id"}, {"AWS_SECRET_ACCESS_KEY", "hush"}}), "x",
      client};
  CHECK(source.get({}).key_id == "id");
  CHECK_FALSE(source.renew());
}

TEST_CASE("one thread asks for credentials while the others wait") {
  std::atomic<int> asked{0};
  const LoopbackServer server{[&](const SeenRequest&) {
    ++asked;
    return ScriptedAnswer{.body = json("id", far_away)};
  }};
  HttpClient client;
  CredentialSource source{with({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url("/")}}),
                          "x", client};
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] { right += source.get({}).key_id == "id"; });
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 8);
  CHECK(asked <= 8);
}
