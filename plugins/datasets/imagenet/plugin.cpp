#include "dha/plugin.hpp"
#include "imagenet/imagenet_dataset.hpp"

DHA_PLUGIN("imagenet", "1.0.0", "dha", "Apache-2.0", dha::component<dha::datasets::ImagenetDataset>("dha.imagenet"))
