#pragma once
// A pipeline whose one step is the test's own, with a catalogue and a folder of files.

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include "support/scratch_folder.hpp"
#include "terrazzo/pipeline/runner.hpp"

namespace terrazzo::pipeline {

using StepFunction = std::function<void(Item&)>;

class FunctionStep final : public Step {
 public:
  explicit FunctionStep(StepFunction function) : function_(std::move(function)) {}
  void run(Item& item, const Tools&, const Context&) const override { function_(item); }
  void plan(Item& item, const Tools&, const Context&) const override { function_(item); }

 private:
  StepFunction function_;
};

class NothingOpens final : public io::RasterOpener {
 public:
  std::shared_ptr<const io::Raster> open(const std::string&, int,
                                         const Context&) const override {
    throw failure(ErrorKind::corrupt_data, "this is no raster");
  }
};

struct TestWorks {
  explicit TestWorks(StepFunction step) {
    std::filesystem::create_directory(folder / "in");
    pipeline.name = "p";
    pipeline.catalogue = folder / "c.sqlite";
    pipeline.outputs = folder / "out";
    pipeline.folder = folder / "in";
    pipeline.files = {"*.tif"};
    pipeline.recipe = "r";
    pipeline.keys = {"name"};
    pipeline.steps.push_back({"step", std::make_unique<FunctionStep>(std::move(step))});
    catalog::create_catalog(pipeline.catalogue, {{"name", ""}});
    journal = catalog::open_journal(pipeline.catalogue);
    options.lease = milliseconds{5000};
    options.poll = milliseconds{1};
    options.first_wait = milliseconds{2};
  }

  // Copies the file to the outputs and enters a record of its stem.
  static void copy(Item& item) {
    const auto made = item.scratch->file("made.tif");
    std::filesystem::copy_file(item.uri, made);
    const auto uri = std::filesystem::path{item.uri}.parent_path().parent_path() / "out" /
                     item.attributes["generation"] / item.attributes["file"];
    item.outputs.push_back({made, uri.string()});
    item.publication.records.push_back({{item.attributes["stem"]}, uri.string(), 1});
  }

  std::string file(const std::string& name, const std::string& text = "x") const {
    const auto path = folder / ("in/" + name);
    std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
    std::ofstream{path + ".new"} << text;
    std::filesystem::rename(path + ".new", path);
    return path;
  }

  Runner runner() const { return {pipeline, *journal, opener, options}; }
  std::unique_ptr<catalog::Catalog> catalogue() const {
    return catalog::open_catalog(pipeline.catalogue);
  }
  catalog::Event event(const std::string& uri) const {
    const auto events = journal->events({.uris = {uri}});
    return events.empty() ? catalog::Event{} : events.front();
  }

  testing::ScratchFolder folder;
  NothingOpens opener;
  Pipeline pipeline;
  std::unique_ptr<catalog::Journal> journal;
  WorkOptions options;
};

}  // namespace terrazzo::pipeline
