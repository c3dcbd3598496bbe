#include "pipeline/host_keys.hpp"

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "dha/params.hpp"
#include "pipeline/pipeline.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

// Counts beyond this are mistakes, and stay far from overflow when multiplied.
constexpr double kCountLimit = 1e9;

// Processes and threads beyond this are mistakes too.
constexpr double kParallelLimit = 1024;

// The fields of a schema, to be extended by what only the host's own keys need.
class Fields {
 public:
  explicit Fields(const Schema& schema) : fields_(Json::parse(schema.json_text()).at("fields")) {}

  Fields& with(const std::string& name, const std::string& attribute, const Json& value) {
    for (Json& field : fields_)
      if (field.at("name") == name) field[attribute] = value;
    return *this;
  }

  Fields& component(const std::string& name, const std::string& kind) { return with(name, "component", kind); }

  Fields& list(const std::string& name, const std::string& items) {
    return with(name, "type", "list").with(name, "items", items).with(name, "min_items", 0);
  }

  Fields& pattern(const std::string& name, const std::string& expression, const std::string& in_words) {
    return with(name, "pattern", expression).with(name, "pattern_help", in_words);
  }

  const Json& json() const { return fields_; }

 private:
  Json fields_;
};

Fields declare_pipeline() {
  const Schema schema =
      Schema("A pipeline: a data set and the stages that train on it.")
          .choice("format", "of the file; a run writes it into its own", {"dha.pipeline/1"})
          .def("dha.pipeline/1")
          .string("name", "name of the run's folder")
          .integer("seed", "seed of all random draws")
          .range(0, 9223372036854775807.0)
          .def(1)
          .string("device", "device to train on; auto: an accelerator if there is one")
          .def("auto")
          .choice("precision",
                  "number format of forward and backward passes; fp16 scales its loss; fp64 is slow, for verification",
                  {"fp32", "bf16", "fp16", "fp64"})
          .def("fp32")
          .choice("graph",
                  "auto: on a CUDA device, steps are recorded once per epoch and replayed without the host, if all "
                  "components allow it; off: steps run one by one",
                  {"auto", "off"})
          .def("off")
          .boolean(
              "deterministic",
              "on a CUDA device, use LibTorch's deterministic kernels only, and refuse operators that have none: the "
              "same seed then gives the same bits; on the CPU it always does")
          .def(false)
          .boolean("tf32", "on a CUDA device, multiply float32 matrices and convolve in TF32, which keeps 10 bits")
          .def(true)
          .boolean(
              "cudnn_benchmark",
              "on a CUDA device, try cuDNN's algorithms for each new shape and keep the fastest; not together with "
              "deterministic")
          .def(false)
          .integer("loader_threads", "threads that decode images before the step needs them")
          .range(0, 1024)
          .def(2)
          .integer("checkpoint_every_steps", "steps between checkpoints within an epoch; 0: off")
          .range(0, kCountLimit)
          .def(0)
          .real("checkpoint_every_minutes", "minutes between checkpoints within an epoch; 0: off")
          .range(0, kCountLimit)
          .def(10.0)
          .integer("keep_checkpoints", "number of newest checkpoints to keep per stage; 0: all")
          .range(0, kCountLimit)
          .def(2)
          .boolean("channels_last", "keep images and weights in channels-last memory order")
          .def(true)
          .boolean("tensorboard",
                   "write the numbers of metrics.jsonl to tensorboard/ too, in the format of TensorBoard")
          .def(true)
          .path("initial_weights",
                "a run, or its model, whose weights the first stage starts from where names and shapes agree")
          .optional()
          .json("dataset", "the data set")
          .json("stages", "the stages, in the order in which they run");
  return Fields(schema)
      .with("seed", "maximum", std::numeric_limits<int64_t>::max())
      .pattern("name", "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
               "1 to 128 letters, digits, '.', '_' or '-', the first a letter or digit")
      .pattern("device", "^(auto|cpu|cuda(:[0-9]{1,3})?)$", "auto, cpu, cuda or cuda:N")
      .component("dataset", "dataset")
      .list("stages", "json")
      .with("stages", "min_items", 1);
}

Schema stage_training_keys() {
  return Schema("One training of one network.")
      .string("name", "name of the stage, unique in the file")
      .integer("epochs", "epochs to train; the maximum if stop_when is set")
      .range(1, kCountLimit)
      .integer("batch_size", "images per step; a stage with 'from' inherits the earlier stage's")
      .range(1, kCountLimit)
      .tunable(16, 512)
      .log_scale()
      .def(64)
      .string("from", "an earlier stage; this stage inherits the components that it does not give")
      .optional()
      .strings("carry", "what to take from that stage")
      .optional()
      .choice("pick", "which outcome of a stage of trials to take: the best, each in turn, or a number from 0",
              {"best", "each"})
      .optional()
      .strings("keep_settings",
               "parameters that the settings of that trial do not change, as JSON pointers below the stage; default: "
               "those that the stage's own text gives")
      .optional()
      .choice("stop_when", "ends the stage before its last epoch", {"searcher_finished"})
      .optional()
      .choice("on_collapse",
              "response to a cell that keeps more skip connections than other operations: a warning, or an end of the "
              "stage too",
              {"warn", "stop"})
      .optional();
}

Fields declare_stage() {
  const Schema schema =
      stage_training_keys()
          .json("space", "the possible architectures")
          .optional()
          .json("searcher", "how to search for an architecture while training")
          .optional()
          .json("architecture", "the architecture to train, in the notation of the space, instead of a searcher")
          .optional()
          .json("trials", "how to search by training one network per trial: for architectures, settings or both")
          .optional()
          .json("augment", "augmenters, in order of application")
          .def(std::vector<std::string>{})
          .json("hyper", "the hyper-optimizer: how weights are updated and learning rates set")
          .optional()
          .real("gradient_clip", "largest global L2 norm of the gradient; 0: no limit")
          .minimum(0)
          .tunable(0.1, 10)
          .log_scale()
          .def(5.0)
          .real("label_smoothing", "weight of the uniform distribution in the targets")
          .range(0, 1)
          .tunable(0, 0.3)
          .def(0.0)
          .real("drop_path", "probability that a path is dropped, reached linearly over the epochs")
          .range(0, 1)
          .tunable(0, 0.5)
          .def(0.0)
          .real("validation_fraction",
                "share of the training images to hold out if there is no validation split; a stage with 'from' "
                "inherits the earlier stage's")
          .range(0, 1)
          .def(0.0)
          .integer("evaluate_every", "epochs between evaluations on validation images")
          .range(1, kCountLimit)
          .def(1)
          .integer("log_every",
                   "steps between rows of metrics.jsonl; the last step of an epoch has one too; a stage with 'from' "
                   "inherits the earlier stage's")
          .range(1, kCountLimit)
          .def(50)
          .string("constraints", "limits on architectures, such as 'params < 3.7M, multiply_adds < 600M'")
          .optional();
  Fields fields(schema);
  for (const char* fraction : {"label_smoothing", "drop_path", "validation_fraction"})
    fields.with(fraction, "below_maximum", true);
  return fields
      .pattern("name", "^[A-Za-z][A-Za-z0-9_-]{0,63}$", "1 to 64 letters, digits, '_' or '-', the first a letter")
      .list("carry", "choice")
      .with("carry", "choices", {"weights", "searcher", "augment", "hyper", "momentum", "architecture"})
      .with("carry", "unique", true)
      .list("keep_settings", "string")
      .with("pick", "or_count", true)
      .component("space", "space")
      .component("searcher", "searcher")
      .component("trials", "trial_searcher")
      .component("augment", "augmenter")
      .list("augment", "json")
      .component("hyper", "hyper_optimizer");
}

}  // namespace

const Json& pipeline_fields() {
  static const Fields fields = declare_pipeline();
  return fields.json();
}

const Json& stage_fields() {
  static const Fields fields = declare_stage();
  return fields.json();
}

const Json& use_fields() {
  static const Fields fields(Schema("A component.").string("use", "id of the component"));
  return fields.json();
}

const Json& dataset_fields() {
  static const Fields fields(
      Schema("A data set.")
          .integer("limit_train", "use only this many training images, balanced over the classes")
          .range(1, kCountLimit)
          .optional()
          .integer("limit_test", "use only this many test images, balanced over the classes")
          .range(1, kCountLimit)
          .optional());
  return fields.json();
}

const Json& trials_fields() {
  static const Fields fields(
      Schema("A search by trials.")
          .integer("count", "trials to train")
          .range(1, kCountLimit)
          .integer("parallel", "trials that train at the same time")
          .range(1, kParallelLimit)
          .def(1)
          .integer("threads", "compute threads per trial; default: the cores divided by 'parallel'")
          .range(1, kParallelLimit)
          .optional()
          .real("trial_timeout", "time limit of a trial, after which it is ended and counts as failed; 0: no limit")
          .range(0, kCountLimit)
          .unit("minutes")
          .def(0.0)
          .json("ranges",
                "values that trials search, by JSON pointer below the stage: [minimum, maximum] of a number, or a list "
                "of values")
          .optional());
  static const Json with_example = Fields(fields).with("count", "example", 20).json();
  return with_example;
}

Json entry_fields(const std::string& kind) {
  Json fields = use_fields();
  if (kind == "dataset") fields.insert(fields.end(), dataset_fields().begin(), dataset_fields().end());
  if (kind == "trial_searcher") fields.insert(fields.end(), trials_fields().begin(), trials_fields().end());
  return fields;
}

Json entry_schema(const std::string& kind, const std::string& schema_json) {
  Json schema = Json::parse(schema_json);
  Json fields = entry_fields(kind);
  fields.insert(fields.end(), schema.at("fields").begin(), schema.at("fields").end());
  schema["fields"] = std::move(fields);
  return schema;
}

std::vector<std::string> component_keys() {
  std::vector<std::string> keys;
  for (const Json& field : stage_fields())
    if (field.contains("component")) keys.push_back(field.at("name"));
  return keys;
}

std::string pipeline_keys() {
  const Json keys = {{"pipeline", {{"fields", pipeline_fields()}}},
                     {"stage", {{"fields", stage_fields()}}},
                     {"dataset", {{"fields", entry_fields("dataset")}}},
                     {"trials", {{"fields", entry_fields("trial_searcher")}}}};
  return keys.dump(2);
}

}  // namespace dha
