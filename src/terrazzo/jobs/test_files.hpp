#pragma once
// Folders and files that live as long as a test.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/scratch_folder.hpp"

namespace terrazzo::jobs {

class TestFolder : public testing::ScratchFolder {
 public:
  // An empty file, with its folders.
  std::string touch(const std::string& name) const {
    const std::string file = *this / name;
    std::filesystem::create_directories(std::filesystem::path{file}.parent_path());
    std::ofstream{file};
    return file;
  }

  // Names in the folder, sorted.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{path()})
      names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }
};

}  // namespace terrazzo::jobs
