#include <doctest/doctest.h>

#include "conformance/journal.hpp"
#include "support/scratch_folder.hpp"

namespace terrazzo::catalog {

TEST_CASE("a journal in SQLite keeps what journals promise") {
  const testing::ScratchFolder folder;
  testing::check_journal([&](const std::vector<KeyName>& keys) {
    const auto path = folder / "journal.sqlite";
    create_catalog(path, keys);
    return path;
  });
}

TEST_CASE("a catalogue that may not be written has no events and takes none") {
  const testing::ScratchFolder folder;
  const auto path = folder / "journal.sqlite";
  create_catalog(path, {{"name", ""}});
  const auto journal = open_journal(path, {.open = {.read_only = true}});
  CHECK(journal->events({}).empty());
  CHECK(journal->attempts(1).empty());
  CHECK(journal->outputs(1).empty());
  CHECK(testing::kind_of([&] { journal->announce({"p", "a", "1", "r"}); }) ==
        ErrorKind::denied);
  CHECK(open_frames(path)->find({}).empty());
  CHECK(open_frames(path)->collections().empty());
  CHECK(open_frames(path)->times("c").empty());
}

TEST_CASE("states have names, and other names are refused with the list of them") {
  for (const auto& name : state_names()) CHECK(state_name(state_from(name)) == name);
  CHECK(testing::error_of([] { (void)state_from("lost"); }).message() ==
        "no state is called 'lost'; there are: queued, running, done, failed, dead, "
        "skipped, deleted");
}

}  // namespace terrazzo::catalog
