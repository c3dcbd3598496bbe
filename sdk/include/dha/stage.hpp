// The stage that a component serves: its settings, and queries about costs and constraints.
//
// The host implements this interface and may append functions to it in any minor version.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dha/dataset.hpp"
#include "dha/quantities.hpp"

namespace dha {

// The names that Component::needs() may return. The host checks needs before a run and refuses a stage that cannot meet
// them, with the component's id in the message. It also refuses an unknown need.
namespace need {
inline constexpr const char* kValidationImages = "validation_images";  // a validation split, or held-out images
inline constexpr const char* kNoDropPath = "no_drop_path";             // the stage's drop_path is 0
inline constexpr const char* kNoTrials = "no_trials";                  // the stage trains one network, not trials
}  // namespace need

// An architecture compared with one constraint of the stage.
struct Margin {
  std::string quantity;    // "parameters"
  double value = 0;        // of the architecture
  double limit = 0;        // of the constraint
  bool satisfied = false;  // whether the constraint holds
};

// Called from the training thread. A stage outlives its components.
class DHA_API Stage {
 public:
  Stage();
  virtual ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // The name in the pipeline file; for a trial, the name of its stage.
  virtual std::string name() const = 0;

  // Complete, including mean and standard deviation.
  virtual const DatasetInfo& dataset() const = 0;

  virtual int64_t epochs() const = 0;      // planned, >= 1
  virtual int64_t batch_size() const = 0;  // images per step
  virtual double drop_path() const = 0;    // reached at the last epoch, in [0, 1)

  // Numbers of images that the stage trains and validates on; empty while the data set is not open.
  virtual std::optional<int64_t> training_images() const = 0;
  virtual std::optional<int64_t> validation_images() const = 0;

  // The costs of `architecture`, counted by the space or measured by the host.
  virtual Quantities cost(const std::string& architecture) const = 0;

  // One entry per constraint of the stage; empty if it has none.
  virtual std::vector<Margin> margins(const std::string& architecture) const = 0;

  // Whether `architecture` satisfies all constraints.
  bool allows(const std::string& architecture) const;

  // The architecture that the stage already has, from a finished searcher or from an earlier stage; "" if it has none.
  virtual std::string architecture() const = 0;

  // How many trials the stage may train; 0 if it trains no trials.
  virtual int64_t trials() const = 0;

  // The parameters that a trial may set: a JSON object from JSON pointer below the stage ("/hyper/learning_rate",
  // "/batch_size") to the parameter's field of Schema::json_text(), with "tuning_range" or "choices" narrowed to the
  // ranges of the pipeline file.
  virtual std::string tunable() const = 0;

  // The whole stage of the pipeline file, with defaults filled in, as JSON text.
  virtual std::string json() const = 0;
};

}  // namespace dha
