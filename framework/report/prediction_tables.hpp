// What the network of a run predicts for each image, as files: predictions.csv, confusion.csv and per_class.csv.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace dha {

inline constexpr const char* kPredictionsFile = "predictions.csv";
inline constexpr const char* kConfusionFile = "confusion.csv";
inline constexpr const char* kPerClassFile = "per_class.csv";

// One image. Probabilities are softmax outputs in [0, 1].
struct ImagePrediction {
  std::string split;  // "validation" or "test"
  std::string image;  // name, or its position in the split
  int64_t truth = 0, predicted = 0;
  float probability = 0;          // of the predicted class
  float probability_of_true = 0;  // of the true class
};

// Writes the three files into `folder`. `class_names`: one per class; `predictions`: rows of one split are neighbours.
// Throws Error{kIo}.
void write_prediction_tables(const std::filesystem::path& folder, const std::vector<std::string>& class_names,
                             const std::vector<ImagePrediction>& predictions);

// The rows of a predictions.csv with these classes; rows that name another class or lack a field are left out.
std::vector<ImagePrediction> parse_predictions(const std::string& text, const std::vector<std::string>& class_names);

}  // namespace dha
