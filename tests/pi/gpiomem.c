// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/gpiomem, as the Raspberry Pi's own kernel has it and Debian's has not: the page with the registers of the GPIO
 * block, for whoever may open the device. What the real one is to rppal, and no more.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_address.h>

static struct resource registers;

static int gpiomem_mmap(struct file *file, struct vm_area_struct *area)
{
	area->vm_page_prot = pgprot_noncached(area->vm_page_prot);
	return vm_iomap_memory(area, registers.start, PAGE_SIZE);
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.mmap = gpiomem_mmap,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "gpiomem",
	.fops = &operations,
};

static int __init gpiomem_init(void)
{
	struct device_node *node = of_find_compatible_node(NULL, NULL, "brcm,bcm2835-gpio");
	int error;

	if (!node)
		return -ENODEV;
	error = of_address_to_resource(node, 0, &registers);
	of_node_put(node);
	return error ? error : misc_register(&device);
}

static void __exit gpiomem_exit(void)
{
	misc_deregister(&device);
}

module_init(gpiomem_init);
module_exit(gpiomem_exit);
MODULE_DESCRIPTION("The GPIO registers of a Raspberry Pi");
MODULE_LICENSE("GPL");
