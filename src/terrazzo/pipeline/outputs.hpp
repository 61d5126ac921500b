#pragma once
// Files between the places where they arrive and are published, and the scratch folder.

#include <filesystem>
#include <string>
#include <string_view>

#include "terrazzo/base/context.hpp"
#include "terrazzo/io/store.hpp"

namespace terrazzo::pipeline {

// A URI of a store, not a path on a disk of this machine?
bool is_in_a_store(std::string_view uri);

// Puts the file there, whole or not at all; what has the name is replaced. On a disk the
// folders are made and the file is moved.
// Throws as AsideFiles::publish() and io::Store::put().
void put_output(const std::filesystem::path& made, const std::string& uri,
                io::Acl acl = io::Acl::unchanged, const Context& context = {});

// Also the folders that are empty then, up to `outputs` itself. What is not there is
// fine. Throws as file_failure() and io::Store::remove().
void remove_output(const std::string& uri, const std::string& outputs,
                   const Context& context = {});

// Copies the object of a store to a new file.
// Throws as io::Store::open(); conflict: it changed meanwhile. output_failure().
void fetch_input(const std::string& uri, const std::filesystem::path& to,
                 const Context& context = {});

}  // namespace terrazzo::pipeline
