#pragma once
// A pipeline file, read and checked.
//
//   name: aerial
//   catalogue: aerial.sqlite        # made if it is not there
//   outputs: products               # folder of what is made
//   when: {folder: incoming, files: ['*.tif']}
//   steps:
//     - check-name: {patterns: [{match: '(?<county>\w+)_(?<date>\d+)\.tif'}]}
//     - cog
//   products:
//     - geojson
//
// Attributes that every item has: file (its name), stem (that without its ending),
// folder (below when.folder; empty at its top), generation (16 hex digits that differ
// with the file's content and with the pipeline's steps).

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/pipeline/product.hpp"
#include "terrazzo/pipeline/step.hpp"

namespace terrazzo::pipeline {

struct PipelineStep {
  std::string name;
  std::unique_ptr<const Step> step;
};

struct PipelineProduct {
  std::string identity;  // for the journal: differs if the options do
  std::unique_ptr<const Product> product;
};

struct Pipeline {
  std::string name;
  std::string catalogue;           // uri of the database
  std::string outputs;             // absolute folder, or prefix of a store
  std::string folder;              // where files arrive; empty: only by name
  std::vector<std::string> files;  // shell patterns of paths below the folder
  std::vector<PipelineStep> steps;
  std::vector<PipelineProduct> products;
  std::vector<std::string> keys;  // of the catalogue
  std::string recipe;             // differs if the steps or their options do

  // The path below `folder`; of other files the name alone.
  std::string name_of(const std::string& uri) const;
  // Is it a file that starts this pipeline when it arrives? Hidden files and what lies in
  // hidden folders do not.
  bool takes(const std::string& uri) const;
};

// The options of a pipeline file; those of steps and products have their own.
struct PipelineOptions {
  std::string name{};
  std::string catalogue{};
  std::string outputs{};
  Json when = Json::object();
  std::vector<Json> steps{};
  std::vector<Json> products{};

  void fields(auto& f) {
    f("name", name, "What the journal calls it; kept when the file is moved.",
      required());
    f("catalogue", catalogue,
      "The catalogue that its results and its journal go into: a path or URL of a "
      "database; made if absent. Paths begin at the folder of the pipeline file.",
      required());
    f("outputs", outputs, "The folder that the files it makes go into; made if absent.",
      required());
    f("when", when, "What starts it: folder and files; see there.");
    f("steps", steps, "What is done, in this order: - name: {options}.", required());
    f("products", products,
      "What is made of the frames of each collection when some have changed: - name: "
      "{options}.");
  }
};

struct WhenOptions {
  std::string folder{};
  std::vector<std::string> files{"*.tif", "*.TIF", "*.tiff", "*.TIFF"};

  void fields(auto& f) {
    f("folder", folder, "The folder, with those in it, in which files arrive.",
      required());
    f("files", files,
      "Patterns of their paths below it; * also stands for /, ? for one character.");
  }
};

// Touches nothing but this file. Throws invalid_input with file and line: an option is
// wrong, a step needs what no earlier one gives, two steps write records of different
// keys. As read_file().
Pipeline load_pipeline(const std::filesystem::path& file);

// The same of a text; paths in it begin at `folder`.
Pipeline pipeline_of(std::string_view text, const std::string& file_name,
                     const std::filesystem::path& folder);

// The JSON Schema of pipeline files.
Json pipeline_schema();

// Where a file of this name is published. Throws invalid_input: the name leads out of the
// folder.
std::string output_uri(const std::string& outputs, const std::string& name);

}  // namespace terrazzo::pipeline
