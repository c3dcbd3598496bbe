#include "support/static_components.hpp"

#include "dha/plugin.hpp"

namespace dha::test {

namespace {

void* create_nothing(const char*, void*, dha_error*) noexcept { return nullptr; }
void destroy_nothing(void*) {}

PluginEntry entry(const char* kind, const char* id, const Schema& schema) {
  return {kind, id, schema.summary(), schema.json_text(), &create_nothing, &destroy_nothing};
}

std::vector<PluginEntry> datasets() {
  return {entry("dataset", "dha.cifar10", Schema("CIFAR-10 in memory.").path("path", "folder with the binary batches")),
          entry("dataset", "dha.image_folder",
                Schema("A folder of images for each class.")
                    .path("path", "folder with train and test")
                    .path("cache", "folder for decoded images")
                    .optional()
                    .integer("size", "side of the images that a network sees")
                    .range(8, 1024)
                    .unit("px")
                    .def(224)
                    .integer("channels", "3: RGB; 1: grey")
                    .one_of({1, 3})
                    .def(3))};
}

std::vector<PluginEntry> spaces() {
  const Schema stem =
      Schema("First layers.").integer("stride", "stride of the first convolution").range(1, 4).tunable().def(1);
  const Schema head = Schema("Last layers.")
                          .integer("channels", "channels of the last convolution")
                          .optional()
                          .real("factor", "the same as a share of the usual number")
                          .optional()
                          .exactly_one_of({"channels", "factor"});
  return {entry("space", "dha.cell",
                Schema("Cells of four nodes.")
                    .integer("channels", "channels of the first cell")
                    .range(4, 512)
                    .def(36)
                    .integer("cells", "cells of the network")
                    .range(3, 50)
                    .def(20)
                    .real("auxiliary_weight", "weight of the auxiliary loss")
                    .range(0, 1)
                    .def(0.0)
                    .strings("operations", "candidate operations", 1)
                    .def(std::vector<std::string>{"skip", "sep_conv_3x3"})
                    .object("stem", "first layers", stem)
                    .path("pretrained", "weights to start from")
                    .optional()),
          entry("space", "dha.mobile",
                Schema("MobileNet blocks.")
                    .real("width", "factor of all widths")
                    .range(0.1, 4)
                    .def(1.0)
                    .integers("kernels", "kernel sizes", 1, 3)
                    .one_of({3, 5, 7})
                    .def(std::vector<int64_t>{3, 5, 7})
                    .integer("expansion", "widening inside a block")
                    .one_of({3, 4, 6})
                    .tunable()
                    .def(6)
                    .object("head", "last layers", head)
                    .optional())};
}

std::vector<PluginEntry> searchers() {
  return {entry("searcher", "dha.ista",
                Schema("One-stage ISTA-NAS.")
                    .integer("code_size", "length of the compressed code")
                    .range(1, 64)
                    .def(7)
                    .integer("keep", "candidates that a choice keeps")
                    .range(1, 8)
                    .def(2)
                    .real("lambda", "weight of the L1 norm")
                    .range(0, 1)
                    .log_scale()
                    .tunable()
                    .def(1e-5)
                    .boolean("centred", "centre the code")
                    .tunable()
                    .def(false)
                    .choice("solver", "how the code is recovered", {"lars", "fista"})
                    .tunable()
                    .def("lars")),
          entry("searcher", "dha.darts",
                Schema("DARTS.")
                    .integer("order", "order of the approximation")
                    .range(1, 2)
                    .def(2)
                    .real("learning_rate", "step of the architecture weights")
                    .range(0, 1)),
          entry("searcher", "dha.architecture",
                Schema("A given architecture.")
                    .json("genotype", "the architecture")
                    .optional()
                    .path("genotype_file", "a file with it")
                    .optional()
                    .exactly_one_of({"genotype_file", "genotype"})),
          entry("trial_searcher", "dha.random",
                Schema("Random architectures.").integer("population", "trials to keep").range(1, 64).def(1))};
}

std::vector<PluginEntry> augmenters() {
  return {entry("augmenter", "dha.flip",
                Schema("Left-right flips.").real("probability", "share of the samples").range(0, 1).tunable().def(0.5)),
          entry("augmenter", "dha.cutout", Schema("Cutout.").integer("size_px", "side of the hole").range(1, 512)),
          entry("augmenter", "dha.tau",
                Schema("Learned augmentation.")
                    .real("magnitude_max", "largest magnitude")
                    .range(0, 1)
                    .def(1.0)
                    .reals("weights", "of the operations", 2, 16)
                    .range(0, 1)
                    .optional())};
}

std::vector<PluginEntry> hyper_optimizers() {
  return {entry("hyper_optimizer", "dha.sgd",
                Schema("SGD with a cosine schedule.")
                    .real("learning_rate", "at the start")
                    .range(0, 10)
                    .tunable(1e-4, 1)
                    .log_scale()
                    .real("momentum", "of the velocity")
                    .range(0, 1)
                    .def(0.9)),
          entry("hyper_optimizer", "dha.hypergradient",
                Schema("Hyper-gradients.")
                    .reals("learning_rate", "lowest and highest", 2, 2)
                    .range(0, 10)
                    .tunable()
                    .reals("weight_decay", "lowest and highest", 2, 2)
                    .range(0, 1)
                    .def(std::vector<double>{0.0, 1e-3})
                    .real("probe_rate", "step of the hyper-parameters")
                    .minimum(0)
                    .def(1e-8)
                    .real("clamp", "largest change")
                    .optional()
                    .json("notes", "kept with the run")
                    .optional()
                    .choice("probe", "what is probed", {"next", "batch"})
                    .def("next"))};
}

const dha_plugin& descriptor() {
  static const detail::PluginTables tables = [] {
    std::vector<PluginEntry> all;
    for (const auto& entries : {datasets(), spaces(), searchers(), augmenters(), hyper_optimizers()})
      all.insert(all.end(), entries.begin(), entries.end());
    return detail::PluginTables(DHA_ABI_TAG, DHA_SDK_VERSION_MINOR, "static", "1.0.0", "dha", "Apache-2.0",
                                std::move(all));
  }();
  return *tables.descriptor();
}

}  // namespace

PluginRegistry component_registry() {
  PluginRegistry registry;
  registry.add(descriptor());
  return registry;
}

}  // namespace dha::test
