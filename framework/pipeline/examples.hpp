// The pipelines that come with dha, by name: what "dha:NAME" in "extends" stands for.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace dha {

// Name -> file: "folder_64" -> …/examples/pipelines/folder_64.json. From `examples/` next to the program or where dha
// was installed, the first of these that exists; empty where none does.
std::map<std::string, std::filesystem::path> example_pipelines();

}  // namespace dha
