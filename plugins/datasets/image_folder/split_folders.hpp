// Which folders are the splits of a set, by their names alone.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace dha::datasets {

// Names by Split; empty where there is none.
using SplitFolders = std::array<std::string, 3>;

// A split is named, in any letter case, train or training; val, valid, validation or dev; test or testing. Such a word
// may also stand among others (seg_train, TrainSet, 01_train, train2017), where the names of a training folder and of a
// validation or test folder differ in that word, digits, and words such as set or images alone: a class may be called
// test_tube. Without a training folder, a validation and a test folder that do so are found too, for a message.
// Throws Error{kData} that names both where two folders are the same split; `where` is the folder that holds them.
SplitFolders find_split_folders(const std::vector<std::string>& names, const std::string& where);

}  // namespace dha::datasets
