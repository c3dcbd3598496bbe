// Which parameters a stage sets itself, where it follows a stage of trials: those that the settings of the trial that
// it continues with leave alone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/node.hpp"

namespace dha {

// The stage's key that lists them, as JSON pointers below the stage.
inline constexpr const char* kKeepSettingsKey = "keep_settings";

// Whether stage `index` of `stages` comes from a stage of trials, directly or through others.
bool follows_trials(const std::vector<Node>& stages, size_t index);

// Writes the key into each stage that follows trials and has none: the parameters that its own text gives. Adds those
// that the command line sets to a list that is there. To be called before stages take over what they do not give.
void note_own_settings(Node& pipeline);

// Whether `pointer`, or a value that it lies in or holds, is one of `kept`.
bool keeps_setting(const std::vector<std::string>& kept, std::string_view pointer);

// Whether `pointer` may stand in the list: "", or below a component or a key that trials may set.
bool is_pointer_of_settings(std::string_view pointer);

}  // namespace dha
