// Names of files as text: on Linux a name is bytes, in whatever encoding its writer used.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace dha::datasets {

bool is_utf8(std::string_view name);

// For messages: bytes that are not UTF-8 and control characters become \xNN.
std::string shown(const std::filesystem::path& path);

// Whether two names are the same text, of which one writes "é" as one code point and the other as "e" and an accent.
// False where one is not UTF-8.
bool is_same_text(std::string_view left, std::string_view right);

// A text that two names share where they differ in letter case, or in the code points of the same text, alone; `name`
// itself where it is not UTF-8.
std::string case_folded(std::string_view name);

// What lies below `root` under a path that is the same text as `path`; nothing where there is none.
std::optional<std::filesystem::path> find_same_text(const std::filesystem::path& root,
                                                    const std::filesystem::path& path);

}  // namespace dha::datasets
