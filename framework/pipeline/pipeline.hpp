// A pipeline file as typed values: what load_pipeline() returns and the training code reads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/node.hpp"

namespace dha {

class PluginRegistry;

// A component as a pipeline names it. An empty id: none.
struct ComponentUse {
  std::string id;                // "dha.ista"
  std::string params_json;       // completed parameters, without "use"; paths absolute
  SourceLocation location = {};  // where the pipeline says so
  std::string pointer = "";      // JSON pointer into the merged pipeline: "/stages/0/space"
  explicit operator bool() const { return !id.empty(); }
};

// The common parameters of every data set, which the host acts on.
struct DatasetUse {
  ComponentUse component;                          // its params_json has the component's own parameters, with "path"
  std::optional<int64_t> limit_train, limit_test;  // first n of a seeded, stratified order
};

// Which outcome of the stage named by `from` a stage takes; by default the preferred one.
struct Pick {
  std::optional<int64_t> index;  // position among the outcomes, from 0
  bool each = false;             // the stage is trained once per outcome
  bool operator==(const Pick&) const = default;
};

struct StageConfig {
  std::string name;
  int64_t epochs = 1;  // the maximum if stop_when is set
  int64_t batch_size = 64;
  ComponentUse space, searcher, hyper, trials;  // trials: the trial_searcher; then `trial_count` > 0
  std::string architecture;                     // to train, in the space's notation: JSON object; empty: none given
  std::vector<ComponentUse> augment;
  std::string from;                // name of an earlier stage; empty: start from new weights
  std::vector<std::string> carry;  // of "weights", "searcher", "augment", "hyper", "momentum", "architecture"
  SourceLocation carry_location;   // where the file says so
  Pick pick;
  // Pointers below the stage that the settings of trials leave alone; empty where it follows no stage of trials.
  std::optional<std::vector<std::string>> keep_settings;
  bool stop_when_searcher_finished = false;
  bool stop_on_collapse = false;   // of the search (stage/search_health.hpp)
  double gradient_clip = 5;        // global L2 norm; 0: none
  double label_smoothing = 0;      // in [0, 1)
  double drop_path = 0;            // reached linearly over the stage's epochs, in [0, 1)
  double validation_fraction = 0;  // of the training images, held out if the data set has no validation split
  int64_t evaluate_every = 1;      // epochs between evaluations on validation data; test data only at the stage's end
  int64_t log_every = 50;          // steps between rows of metrics.jsonl; the last step of an epoch has one too
  std::string constraints;         // "params < 3.7M, multiply_adds < 600M"; empty: none
  SourceLocation constraints_location;  // where the file says so
  // Of a stage of trials.
  int64_t trial_count = 0;
  int64_t trial_parallel = 1;            // trials that train at the same time, >= 1
  std::optional<int64_t> trial_threads;  // compute threads of a trial; empty: cores divided by trial_parallel
  double trial_timeout = 0;              // minutes that a trial may take; 0: no limit
  std::string trial_ranges = "{}";       // JSON object: pointer below the stage -> values that trials search
  std::string json;                      // the whole stage after defaults, as stage_json() writes it

  bool carries(std::string_view what) const { return std::find(carry.begin(), carry.end(), what) != carry.end(); }
};

struct PipelineConfig {
  std::string name;
  uint64_t seed = 1;
  std::string device = "auto";                                       // auto, cpu, cuda, cuda:1
  std::string precision = "fp32";                                    // fp32, bf16, fp16, fp64
  std::string graph = "off";                                         // auto, off
  bool deterministic = false, tf32 = true, cudnn_benchmark = false;  // on a CUDA device
  int64_t loader_threads = 2;                                        // that decode images before the step needs them
  int64_t checkpoint_every_steps = 0;                                // within an epoch; 0: off
  double checkpoint_every_minutes = 10;                              // within an epoch; 0: off
  int64_t keep_checkpoints = 2;                                      // of a stage, the newest; 0: all
  bool channels_last = true;
  bool tensorboard = true;      // whether to write tensorboard/
  std::string initial_weights;  // absolute path of a run or its model/; empty: the first stage draws its weights
  DatasetUse dataset;
  std::vector<StageConfig> stages;
  std::string resolved_json;  // the whole file after extends, --set, defaults: running it again gives the same run
};

// One "--set stages.0.epochs=3": a dotted path (a stage may be named by number or by name) and a JSON value (or bare
// text).
struct Override {
  std::string path, value;
  std::string origin = "";  // how messages name it, such as "--device gpu"; empty: "--set PATH=VALUE"
};

// "stages.0.epochs=3" as an Override. Throws Error{kUsage} if there is no '='.
Override parse_override(const std::string& text);

// Reads, merges, validates and completes a pipeline file. Throws PipelineError (<pipeline/pipeline_error.hpp>), an
// Error{kInvalidConfig} with one sentence per problem, each with file, line, column and JSON pointer; kNotFound if all
// problems are unknown components, the registry's code if all are components of refused plugins.
PipelineConfig load_pipeline(const std::filesystem::path& file, const std::vector<Override>& overrides,
                             const PluginRegistry& registry);

// The device that a pipeline file asks for, read before plugins are loaded (an accelerator is opened before them).
// Checks nothing: returns "cpu" if the file cannot be read or names no device; load_pipeline() reports the error.
std::string requested_device(const std::filesystem::path& file, const std::vector<Override>& overrides);

// JSON Schema (draft 7) of a whole pipeline file, with the parameters of every component in `registry`.
std::string pipeline_schema(const PluginRegistry& registry);

// The host's own keys for reference pages: JSON with "pipeline", "stage", "dataset" and "trials", each as
// Schema::json_text(), with the attributes of <pipeline/host_keys.hpp>.
std::string pipeline_keys();

}  // namespace dha
